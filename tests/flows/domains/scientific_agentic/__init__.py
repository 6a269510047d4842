"""Tests of the scientific agentic domain: families, the laboratory, and the verdict on fresh data."""
