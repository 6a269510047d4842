"""Tests of the domains and of their contract."""
