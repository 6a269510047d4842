"""Tests of the vLLM engine."""
