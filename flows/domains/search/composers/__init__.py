"""composers."""
