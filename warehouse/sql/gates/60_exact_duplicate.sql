-- one row a trajectory: did another do exactly the same on the same problem, and stands for it
with ranked as (
    select
        work_keys.trajectory_id,
        row_number() over (partition by work_keys.work_key order by standing.rank) = 1 as keep,
        count(*) over (partition by work_keys.work_key) as copies
    from work_keys
    join standing using (trajectory_id)
)

select
    trajectory_id,
    keep,
    case when keep then 'ok' else 'copy' end as reason,
    copies as value
from ranked
