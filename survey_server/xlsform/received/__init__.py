"""What an instance that arrives says of itself, and how a person reads it."""
