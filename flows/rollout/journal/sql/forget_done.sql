-- one row a finished trajectory of a part that is written
delete from done where run_id = ? and seq = ?
