"""Tests: warehouse."""
