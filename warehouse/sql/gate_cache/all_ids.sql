-- one row a trajectory to decide on: its id
select trajectory_id
from every_candidate
