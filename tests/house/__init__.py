"""Measures the repository's own prose and shape, and holds them within limits."""
