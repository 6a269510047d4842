-- one row a run of the rollout: what it did, how it ended, what it cost
select * from rollout_parts
