"""Whether people are understood: word and character error rates, and text where nobody spoke."""
