"""Tests: warehouse/prompt."""
