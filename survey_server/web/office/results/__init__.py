"""Pages of what interviews add up to: quality, reports, decisions, exports."""
