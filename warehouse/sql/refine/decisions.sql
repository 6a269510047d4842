-- one row a trajectory: kept, or the reasons not to, with what every gate said
with gathered as (
    select
        trajectory_id,
        coalesce(list(gate || ':' || reason order by position) filter (decides and not keep), []) as reasons,
        to_json(map_from_entries(list((gate, {keep: keep, reason: reason, value: value}) order by position))) as gates
    from answers
    group by trajectory_id
)

select
    gathered.trajectory_id,
    $refine_id as refine_id,
    len(gathered.reasons) = 0 as kept,
    gathered.reasons,
    gathered.gates::varchar as gates,
    clusters.cluster_id,
    clusters.keeper_id,
    clusters.similarity::double as similarity,
    signed.* exclude (trajectory_id),
    $decided_at::timestamptz as decided_at,
    $run_id as run_id
from gathered
left join clusters using (trajectory_id)
left join signed using (trajectory_id)
order by gathered.trajectory_id
