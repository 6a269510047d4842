"""Pages of trajectories for a browser on this machine: a list, one attempt, two attempts, duplicates, an audit."""
