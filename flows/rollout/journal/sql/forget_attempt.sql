-- one row an attempt whose trajectory the lake has
delete from attempts where trajectory_id = ?
