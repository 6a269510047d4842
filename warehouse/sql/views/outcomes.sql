-- one row per trajectory in an environment with state: the state in which it ended
select * from outcome_parts
