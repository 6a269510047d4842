"""Formats of session logs and evaluation logs."""
