-- one row: how many clusters of duplicates there are, and how many trajectories are in them
select count(distinct cluster_id), count(*)
from duplicates
