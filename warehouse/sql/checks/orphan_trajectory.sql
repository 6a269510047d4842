-- one row per trajectory that no task planned
select trajectory_id, task_id, sample
from trajectories
anti join attempts using (trajectory_id, task_id, sample)
