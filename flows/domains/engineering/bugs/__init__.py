"""Bugs: what a composer changes in a source tree."""
