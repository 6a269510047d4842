"""`factory lake check` and `factory lake repair` over every file of the factory."""
