-- one row per rollout run: its counts, its ending and its cost
select * from rollout_parts
