"""Benchmarks of the domains: those drawn from seeds alone, and those whose worlds run code in the sandbox."""
