"""Tests of the rights in a page."""
