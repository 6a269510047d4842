-- one row an attempt
update attempts set aborts = aborts + ?, error = ? where trajectory_id = ?
