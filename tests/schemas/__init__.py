"""Tests: schemas."""
