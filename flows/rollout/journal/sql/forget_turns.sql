-- one row a turn of a trajectory that the lake has
delete from turns where trajectory_id = ?
