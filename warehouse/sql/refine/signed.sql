-- one row a trajectory: its shortcut signatures, by which rows that took no work can be told from those that did
with solved as (
    select answers.trajectory_id, candidates.task_id, answers.keep as solved
    from answers
    join candidates using (trajectory_id)
    where answers.gate = 'outcome'
),

rates as (
    select task_id, avg(solved::int) as pass_rate
    from solved
    group by task_id
)

select
    candidates.trajectory_id,
    case when solved.solved then candidates.n_tool_calls end as calls_to_solve,
    alone.answer_seen_at,
    alone.named_early,
    alone.distinct_pages,
    alone.repeated_queries,
    rates.pass_rate
from candidates
left join solved using (trajectory_id)
left join rates on rates.task_id = candidates.task_id
left join alone using (trajectory_id)
