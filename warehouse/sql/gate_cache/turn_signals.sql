-- one row per candidate: signals from its turns of how the agent found its answer (turn of first sight, pages, repeats)
with positions as (
    select
        trajectory_id,
        min(index) filter (holds_truth and role = 'tool') as seen_at,
        min(index) filter (holds_truth and role = 'assistant') as named_at,
        count(distinct url) filter (role = 'tool' and kind in ('ok', 'truncated')) as distinct_pages
    from turn_facts
    semi join candidates using (trajectory_id)
    group by trajectory_id
),

call_counts as (
    select trajectory_id, count(*) - count(distinct call_hash) as repeated_queries
    from made_calls
    where parse = 'ok'
    group by trajectory_id
)

select
    candidates.trajectory_id,
    positions.seen_at as answer_seen_at,
    case when ground_truths.truth is not null then coalesce(named_at < coalesce(seen_at, named_at + 1), false) end as named_early,
    coalesce(positions.distinct_pages, 0) as distinct_pages,
    coalesce(call_counts.repeated_queries, 0) as repeated_queries
from candidates
left join positions using (trajectory_id)
left join call_counts using (trajectory_id)
left join ground_truths using (trajectory_id)
