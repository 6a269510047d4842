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
),

places as (
    select
        trajectory_id,
        min(index) filter (role = 'tool') as seen_at,
        min(index) filter (role = 'assistant') as named_at
    from turn_facts
    semi join candidates using (trajectory_id)
    where holds_truth
    group by trajectory_id
),

called as (
    select trajectory_id, count(*) - count(distinct call_hash) as repeated_queries
    from made_calls
    semi join candidates using (trajectory_id)
    where parse = 'ok'
    group by trajectory_id
),

opened as (
    select trajectory_id, count(distinct url) as distinct_pages
    from turn_facts
    semi join candidates using (trajectory_id)
    where role = 'tool' and kind in ('ok', 'truncated')
    group by trajectory_id
)

select
    candidates.trajectory_id,
    case when solved.solved then candidates.n_tool_calls end as calls_to_solve,
    places.seen_at as answer_seen_at,
    case when truths.truth is not null then coalesce(named_at < coalesce(seen_at, named_at + 1), false) end as named_early,
    coalesce(opened.distinct_pages, 0) as distinct_pages,
    coalesce(called.repeated_queries, 0) as repeated_queries,
    rates.pass_rate
from candidates
left join solved using (trajectory_id)
left join rates on rates.task_id = candidates.task_id
left join places using (trajectory_id)
left join called using (trajectory_id)
left join opened using (trajectory_id)
left join truths using (trajectory_id)
