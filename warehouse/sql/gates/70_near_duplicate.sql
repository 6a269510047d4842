-- one row per trajectory: refuses near duplicates: nearly the same turns on the same question as the keeper of the cluster
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
