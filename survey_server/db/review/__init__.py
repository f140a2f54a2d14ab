"""Submissions as the office finds, compares, reviews and repairs them."""
