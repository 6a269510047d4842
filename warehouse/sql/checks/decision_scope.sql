-- one row per decision without a finished trajectory: none exists, or it was aborted
select decisions.trajectory_id, trajectories.status
from decisions
left join trajectories using (trajectory_id)
where trajectories.status is null or trajectories.status = 'aborted'
