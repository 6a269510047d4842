-- one row an attempt
insert or ignore into attempts (trajectory_id, setup, started_at, aborts, error) values (?, ?, ?, ?, ?)
