-- one row a turn: a message of a trajectory
select * from turn_parts
