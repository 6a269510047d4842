"""The journal of a rollout: a SQLite file that holds every finished turn until the lake has its trajectory."""
