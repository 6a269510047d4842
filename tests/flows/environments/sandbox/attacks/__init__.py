"""Attacks on the machine's resources, and the program that makes them as another user."""
