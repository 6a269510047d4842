"""Rewriting of hidden tests in JavaScript."""
