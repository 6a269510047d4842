"""Servers of any engine: child processes, the HTTP client with retries, health checks, and the server pool."""
