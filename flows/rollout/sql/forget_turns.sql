-- one row a turn of a part that is written
delete from turns where trajectory_id in (select trajectory_id from done where run_id = ? and seq = ?)
