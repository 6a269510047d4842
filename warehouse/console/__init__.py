"""Output for people: progress bars, tables, plots and one trajectory, with control characters escaped."""
