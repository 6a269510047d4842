-- one row: the number of clusters of duplicates, and of trajectories in them
select count(distinct cluster_id), count(*)
from duplicates
