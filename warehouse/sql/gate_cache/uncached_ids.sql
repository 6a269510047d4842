-- one row a trajectory to decide on of which nothing is kept that still holds: its id
select trajectory_id
from every_candidate
anti join alone using (trajectory_id)
