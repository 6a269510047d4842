"""Tests: rollout."""
