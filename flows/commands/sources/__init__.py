"""`factory sources`: tries the configured sources."""
