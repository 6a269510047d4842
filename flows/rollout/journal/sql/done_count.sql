-- one row: finished trajectories that have no part yet
select count(*) from done where seq is null
