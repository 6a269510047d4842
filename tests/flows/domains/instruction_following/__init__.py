"""Tests of the domain of instruction following."""
