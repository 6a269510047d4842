"""A rollout in several processes: each works the tasks of its shard with a journal and part names of its own."""
