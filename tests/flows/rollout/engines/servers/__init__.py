"""Tests of the server pool and of child processes."""
