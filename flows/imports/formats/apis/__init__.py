"""Formats that log the messages of one provider's API, or of a framework for agents."""
