-- one row a trajectory: a finished attempt
select * from trajectory_parts
