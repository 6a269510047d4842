-- one row an attempt of a part that is written
delete from attempts where trajectory_id in (select trajectory_id from done where run_id = ? and seq = ?)
