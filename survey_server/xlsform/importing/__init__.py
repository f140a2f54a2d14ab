"""Tables of other tools, read as interviews."""
