-- one row a run with finished trajectories that have no part yet
select run_id from done where seq is null order by number limit 1
