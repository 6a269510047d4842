"""Tests of the monitor: live status, throughput, budgets, and the recorded cost of a run."""
