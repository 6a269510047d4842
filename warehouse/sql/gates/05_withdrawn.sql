-- one row a trajectory: has somebody asked to take it, or a page that it rests on, out of releases
select
    candidates.trajectory_id,
    withdrawals.trajectory_id is null as keep,
    case when withdrawals.trajectory_id is null then 'ok' else 'withdrawn' end as reason,
    null as value
from candidates
left join withdrawals using (trajectory_id)
