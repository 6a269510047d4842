-- one row per turn: a message of a trajectory
select * from turn_parts
