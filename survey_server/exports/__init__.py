"""Exports: the submissions of a form as files for other programs, streamed, counted and keyed by path and version."""
