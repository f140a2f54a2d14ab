"""The one way in: what arrives is opened, read, checked and stored once."""
