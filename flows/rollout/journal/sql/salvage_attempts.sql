-- one row an attempt of a damaged journal
select trajectory_id, setup, started_at, aborts, error from attempts order by rowid
