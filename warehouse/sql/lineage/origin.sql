-- one row: the ids of a trajectory's task and run, and its teacher
select trajectory_id, task_id, run_id, teacher_model || coalesce('@' || teacher_revision, '') as teacher_model
from trajectories
where trajectory_id = $trajectory_id
