"""Backup, moving house, retention, erasure."""
