-- one row per trajectory: kept, or the reasons for its rejection, with the answer of every gate
with gate_answers as (
    select
        trajectory_id,
        list({gate: gate, decides: decides, keep: keep, reason: reason, value: value} order by position) as answers
    from answers
    group by trajectory_id
),

verdicts_by_gate as (
    select
        trajectory_id,
        list_transform(
            list_filter(answers, lambda one: one.decides and not one.keep),
            lambda one: one.gate || ':' || one.reason
        ) as reasons,
        to_json(map_from_entries(list_transform(
            answers, lambda one: (one.gate, {keep: one.keep, reason: one.reason, value: one.value})
        ))) as gates
    from gate_answers
)

select
    verdicts_by_gate.trajectory_id,
    $refine_id as refine_id,
    len(verdicts_by_gate.reasons) = 0 as kept,
    verdicts_by_gate.reasons,
    verdicts_by_gate.gates::varchar as gates,
    clusters.cluster_id,
    clusters.keeper_id,
    clusters.similarity::double as similarity,
    shortcut_signatures.* exclude (trajectory_id),
    $decided_at::timestamptz as decided_at,
    $run_id as run_id
from verdicts_by_gate
left join clusters using (trajectory_id)
left join shortcut_signatures using (trajectory_id)
order by verdicts_by_gate.trajectory_id
