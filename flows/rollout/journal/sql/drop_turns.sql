-- one row a turn of a trajectory
delete from turns where trajectory_id = ? and place >= ?
