-- one row per night and domain ('all' too): lengths of its trajectories in tokens, turns and calls, against the domain's goal; without those that have no token ids
with finished as (
    select
        run_id,
        domain,
        n_tokens,
        n_turns,
        n_tool_calls
    from trajectories
    where status <> 'aborted' and ids is distinct from 'none' and engine <> 'import'
),

measured as (
    select
        run_id,
        coalesce(domain, 'all') as domain,
        count(*) as trajectories,
        sum(n_tokens)::bigint as tokens,
        avg(n_tokens) as mean_tokens,
        quantile_cont(n_tokens, [0.1, 0.5, 0.9, 0.99]) as quantiles,  -- one sort for all four
        max(n_tokens) as max_tokens,
        avg(n_turns) as mean_turns,
        quantile_cont(n_turns, 0.9) as p90_turns,
        avg(n_tool_calls) as mean_calls,
        quantile_cont(n_tool_calls, 0.9) as p90_calls
    from finished
    group by grouping sets ((run_id, domain), (run_id))
)

select
    run_id,
    try_cast(run_id[:10] as date) as date,
    domain,
    trajectories,
    tokens,
    mean_tokens,
    quantiles[1] as p10_tokens,
    quantiles[2] as p50_tokens,
    quantiles[3] as p90_tokens,
    quantiles[4] as p99_tokens,
    measured.* exclude (run_id, domain, trajectories, tokens, mean_tokens, quantiles),
    coalesce(horizon_goals.goal_tokens, 45_000) as goal_tokens,
    mean_tokens / coalesce(horizon_goals.goal_tokens, 45_000) as share_of_goal
from measured
left join horizon_goals using (domain)
order by run_id, domain = 'all' desc, domain
