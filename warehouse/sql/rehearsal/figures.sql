-- one row: the figures of one policy's attempts in a rehearsal; solved as refine decides it
with judged as (
    select
        verdicts.trajectory_id,
        case when any_value(tasks.answer_form) in ('state', 'files') then bool_and(passed) else bool_or(passed) end as solved
    from verdicts
    join trajectories using (trajectory_id)
    join tasks on tasks.task_id = trajectories.task_id
    where turn_index is null and not list_contains($process_verifiers::varchar[], verifier)
    group by verdicts.trajectory_id
)

select
    count(*) as attempts,
    coalesce(avg(coalesce(judged.solved, false)::integer), 0) as solved,
    median(n_tool_calls) as calls,
    median(n_turns) as turns,
    median(n_tokens) as tokens_median,
    avg(n_tokens) as tokens_mean,
    quantile_cont(n_tokens, 0.9) as tokens_p90,
    sum(n_observation_tokens) / nullif(sum(n_tokens), 0) as observation_share
from trajectories
left join judged using (trajectory_id)
