-- one row per night: pages that it fetched, planned attempts that it finished (tokens: with their children), and how the newest refine decides on them
with fetched as (
    select run_id, count(*) filter (status in ('ok', 'not_modified')) as fetched_pages
    from documents
    group by run_id
),

made as (
    select
        run_id,
        count(*) filter (status <> 'aborted' and parent_id is null) as finished,
        sum(n_tokens) as tokens
    from trajectories
    where engine <> 'import'
    group by run_id
),

decided as (
    select
        trajectories.run_id,
        count(*) filter (json_extract_string(decisions.gates, '/outcome/reason') <> 'not_judged') as judged,
        count(*) filter (json_extract(decisions.gates, '/outcome/keep')::boolean) as solved,
        count(*) filter (decisions.kept) as kept
    from decisions
    join trajectories using (trajectory_id)
    where trajectories.engine <> 'import' and trajectories.parent_id is null
    group by trajectories.run_id
),

-- a night without a page or a finished attempt has left a task, or the cost of its rollout
begun as (
    select run_id from fetched
    union
    select run_id from made
    union
    select run_id from tasks where composer <> 'import'
    union
    select run_id from rollouts
)

select
    begun.run_id,
    try_cast(begun.run_id[:10] as date) as date,
    coalesce(fetched.fetched_pages, 0) as fetched_pages,
    coalesce(made.finished, 0) as finished,
    coalesce(made.tokens, 0)::bigint as tokens,
    coalesce(decided.judged, 0) as judged,
    coalesce(decided.solved, 0) as solved,
    coalesce(decided.kept, 0) as kept,
    decided.solved / nullif(decided.judged, 0) as pass_rate
from begun
left join fetched using (run_id)
left join made using (run_id)
left join decided using (run_id)
order by begun.run_id
