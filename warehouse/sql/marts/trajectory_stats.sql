-- one row per domain and status: lengths of trajectories in tokens, turns, calls and seconds, and how many were compacted or delegated
with delegated as (
    select parent_id, count(*) as n_children
    from trajectories
    where parent_id is not null
    group by parent_id
),

measured as (
    select
        domain,
        status,
        -- trajectories without token ids have no tokens but those that an API sampled; imported ones have no seconds either
        case when ids is distinct from 'none' and engine <> 'import' then n_tokens end as n_tokens,
        case when engine <> 'import' then n_sampled_tokens end as n_sampled_tokens,
        case when ids is distinct from 'none' and engine <> 'import' then n_observation_tokens end as n_observation_tokens,
        n_turns,
        n_tool_calls,
        case when engine <> 'import' then epoch(ended_at) - epoch(started_at) end as seconds,
        coalesce(n_segments, 1) as n_segments,
        trajectories.parent_id is not null as is_child,
        coalesce(n_children, 0) as n_children
    from trajectories
    left join delegated on delegated.parent_id = trajectories.trajectory_id
),

summed as (
    select
        domain,
        status,
        count(*) as trajectories,
        sum(n_tokens)::bigint as tokens,
        avg(n_tokens) as mean_tokens,
        quantile_cont(n_tokens, 0.5) as p50_tokens,
        quantile_cont(n_tokens, 0.9) as p90_tokens,
        quantile_cont(n_tokens, 0.99) as p99_tokens,
        max(n_tokens) as max_tokens,
        sum(n_sampled_tokens)::bigint as sampled_tokens,
        sum(n_observation_tokens)::bigint as observation_tokens,
        avg(n_turns) as mean_turns,
        quantile_cont(n_turns, 0.9) as p90_turns,
        avg(n_tool_calls) as mean_calls,
        quantile_cont(n_tool_calls, 0.9) as p90_calls,
        avg(seconds) as mean_seconds,
        count(*) filter (n_segments > 1) as compacted,
        max(n_segments) as max_segments,
        count(*) filter (is_child) as delegated,
        sum(n_children)::bigint as children
    from measured
    group by domain, status
)

select *
from summed
order by domain, status
