"""Design-based estimates: pure functions of frames. No server, no database."""
