-- one row per trajectory: a finished attempt
select * from trajectory_parts
