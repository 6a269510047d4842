"""Tests of rollouts in several processes."""
