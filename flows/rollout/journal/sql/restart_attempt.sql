-- one row an attempt
update attempts set setup = ?, started_at = ? where trajectory_id = ?
