-- one row a trajectory: did another write and do nearly the same, and stands for it
select
    candidates.trajectory_id,
    coalesce(clusters.keeper_id = candidates.trajectory_id, true) as keep,
    case
        when coalesce(clusters.keeper_id = candidates.trajectory_id, true) then 'ok'
        else 'similar'
    end as reason,
    clusters.similarity as value
from candidates
left join clusters using (trajectory_id)
