-- one row a trajectory: kept, or the reasons not to, with what every gate said
with heard as (
    select
        trajectory_id,
        list({gate: gate, decides: decides, keep: keep, reason: reason, value: value} order by position) as answers
    from answers
    group by trajectory_id
),

gathered as (
    select
        trajectory_id,
        list_transform(
            list_filter(answers, lambda one: one.decides and not one.keep),
            lambda one: one.gate || ':' || one.reason
        ) as reasons,
        to_json(map_from_entries(list_transform(
            answers, lambda one: (one.gate, {keep: one.keep, reason: one.reason, value: one.value})
        ))) as gates
    from heard
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
