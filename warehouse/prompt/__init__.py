"""The prompt of `factory sql`, and the questions that run by name."""
