-- one row per trajectory: refuses withdrawn trajectories: by a request for their id, their task or a page that they used
-- without it: a withdrawal ends when the task is attempted, or the page read, again
select
    candidates.trajectory_id,
    withdrawn.trajectory_id is null as keep,
    case when withdrawn.trajectory_id is null then 'ok' else 'withdrawn' end as reason,
    null as value
from candidates
left join withdrawn using (trajectory_id)
