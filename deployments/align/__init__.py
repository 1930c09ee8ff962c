"""Forced alignment: where each word of a known text was said, and how well."""
