-- one row a decision on what was never finished: no trajectory, or an aborted one
select decisions.trajectory_id, trajectories.status
from decisions
left join trajectories using (trajectory_id)
where trajectories.status is null or trajectories.status = 'aborted'
