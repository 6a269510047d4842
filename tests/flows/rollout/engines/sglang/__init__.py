"""Tests of flows/rollout/engines/sglang."""
