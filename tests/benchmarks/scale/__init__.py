"""Benchmarks of a lake that has grown for a long time, of many clients, and of the forecast of bigger nights."""
