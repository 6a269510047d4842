"""Tests: workspaces of files."""
