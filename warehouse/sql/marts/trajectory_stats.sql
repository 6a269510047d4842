-- one row per domain and status: lengths of trajectories in tokens, turns, calls and seconds, and how many were compacted or delegated
with delegated as (
    select parents.domain, parents.status, count(*) as children
    from trajectories as children
    join trajectories as parents on parents.trajectory_id = children.parent_id
    where children.parent_id is not null
    group by all
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
        parent_id is not null as is_child
    from trajectories
),

summed as (
    select
        domain,
        status,
        count(*) as trajectories,
        sum(n_tokens)::bigint as tokens,
        avg(n_tokens) as mean_tokens,
        quantile_cont(n_tokens, [0.5, 0.9, 0.99]) as quantiles,  -- one sort for all three
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
        count(*) filter (is_child) as delegated
    from measured
    group by domain, status
)

select
    domain,
    status,
    trajectories,
    tokens,
    mean_tokens,
    quantiles[1] as p50_tokens,
    quantiles[2] as p90_tokens,
    quantiles[3] as p99_tokens,
    summed.* exclude (domain, status, trajectories, tokens, mean_tokens, quantiles),
    coalesce(children, 0)::bigint as children
from summed
left join delegated using (domain, status)
order by domain, status
