"""Workers for the work of a step, on this machine or on a Ray cluster."""
