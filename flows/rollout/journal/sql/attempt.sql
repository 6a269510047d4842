-- one row an attempt
select setup, started_at, aborts from attempts where trajectory_id = ?
