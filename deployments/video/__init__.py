"""Image to video."""
