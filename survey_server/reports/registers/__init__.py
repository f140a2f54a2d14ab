"""Forms that are kept all along (sessions, months, meetings), as a report reads them."""
