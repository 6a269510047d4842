-- one row per trajectory: kept, or the reasons for its rejection, with the answer of every gate
-- a child is kept only with all that delegated it: its answer was right if theirs was. Gates that judge an answer by the task
-- do not decide on it, since it answers a question of its parent
with recursive gate_answers as (
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
),

own_verdicts as (
    select
        trajectory_id,
        parent_id,
        case
            when parent_id is null then reasons
            else list_filter(reasons, lambda reason: not list_contains(
                ['answer', 'min_calls', 'leakage', 'language', 'evidence', 'outcome', 'judge'], split_part(reason, ':', 1)
            ))
        end as reasons,
        gates
    from verdicts_by_gate
    join candidates using (trajectory_id)
),

-- from each attempt at a task down to its children
delegations as (
    select trajectory_id, len(reasons) = 0 as kept
    from own_verdicts
    where parent_id is null
    union all
    select own_verdicts.trajectory_id, delegations.kept and len(own_verdicts.reasons) = 0
    from own_verdicts
    join delegations on own_verdicts.parent_id = delegations.trajectory_id
),

with_parents as (
    select
        own_verdicts.trajectory_id,
        case
            when own_verdicts.parent_id is null or parents.kept then own_verdicts.reasons
            when parents.kept is null then own_verdicts.reasons || ['parent:unfinished']
            else own_verdicts.reasons || ['parent:rejected']
        end as reasons,
        own_verdicts.gates
    from own_verdicts
    left join delegations as parents on parents.trajectory_id = own_verdicts.parent_id
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
from with_parents as verdicts_by_gate
left join clusters using (trajectory_id)
left join shortcut_signatures using (trajectory_id)
order by verdicts_by_gate.trajectory_id
