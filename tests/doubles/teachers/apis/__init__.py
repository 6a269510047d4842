"""Doubles of APIs without token ids."""
