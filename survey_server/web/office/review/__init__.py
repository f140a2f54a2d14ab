"""Pages of single submissions: found, read, reviewed, edited, repaired."""
