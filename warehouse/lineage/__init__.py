"""Traces a released row to its pages and a page to its rows, and compares two releases."""
