-- one row per trajectory: its shortcut signatures, which show how much work the answer took
with solved as (
    select answers.trajectory_id, candidates.task_id, answers.keep as solved
    from answers
    join candidates using (trajectory_id)
    where answers.gate = 'outcome' and candidates.parent_id is null
),

rates as (
    select task_id, avg(solved::int) as pass_rate
    from solved
    group by task_id
)

select
    candidates.trajectory_id,
    case when solved.solved then candidates.n_tool_calls end as calls_to_solve,
    valid_cached.answer_seen_at,
    valid_cached.named_early,
    valid_cached.distinct_pages,
    valid_cached.repeated_queries,
    rates.pass_rate
from candidates
left join solved using (trajectory_id)
left join rates on rates.task_id = candidates.task_id
left join valid_cached using (trajectory_id)
