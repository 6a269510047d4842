-- one row a trajectory: has somebody asked to take it, or a page that it rests on, out of releases
-- without it: a takedown holds until somebody attempts the task again, or reads the page again
select
    candidates.trajectory_id,
    withdrawn.trajectory_id is null as keep,
    case when withdrawn.trajectory_id is null then 'ok' else 'withdrawn' end as reason,
    null as value
from candidates
left join withdrawn using (trajectory_id)
