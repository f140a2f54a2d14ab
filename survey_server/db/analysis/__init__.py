"""Submissions as the analysis reads them: frames, indicators, decisions."""
