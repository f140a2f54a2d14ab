"""The only floor that draws: one WaveSummary value, many editions."""
