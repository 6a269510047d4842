-- one row a candidate: what its turns show of how it came to its answer
with places as (
    select
        trajectory_id,
        min(index) filter (holds_truth and role = 'tool') as seen_at,
        min(index) filter (holds_truth and role = 'assistant') as named_at,
        count(distinct url) filter (role = 'tool' and kind in ('ok', 'truncated')) as distinct_pages
    from turn_facts
    semi join candidates using (trajectory_id)
    group by trajectory_id
),

called as (
    select trajectory_id, count(*) - count(distinct call_hash) as repeated_queries
    from made_calls
    where parse = 'ok'
    group by trajectory_id
)

select
    candidates.trajectory_id,
    places.seen_at as answer_seen_at,
    case when truths.truth is not null then coalesce(named_at < coalesce(seen_at, named_at + 1), false) end as named_early,
    coalesce(places.distinct_pages, 0) as distinct_pages,
    coalesce(called.repeated_queries, 0) as repeated_queries
from candidates
left join places using (trajectory_id)
left join called using (trajectory_id)
left join truths using (trajectory_id)
