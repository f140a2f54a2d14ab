"""People of the office: who they are, how they prove it, what programs of theirs may read."""
