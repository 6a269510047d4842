"""The gates: SQL filters that keep a trajectory or refuse it with a reason, and the cache of their answers."""
