"""Capacity: the hours of a night on other machines, simulated from the attempts of a lake."""
