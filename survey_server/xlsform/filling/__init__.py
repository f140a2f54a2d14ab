"""A form being filled in or checked: the tree of nodes, its states, its events."""
