"""What OpenRosa clients need kept: their keys and lists, the entities of their forms."""
