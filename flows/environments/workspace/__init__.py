"""Environments whose state is a folder of files."""
