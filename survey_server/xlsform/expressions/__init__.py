"""Expressions: text to tree to value, and the ODK function library."""
