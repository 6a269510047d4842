"""Tests of composing tasks."""
