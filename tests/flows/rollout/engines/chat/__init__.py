"""Tests of the chat engine."""
