"""Load tests: what the public API is measured with. The product never imports this package."""
