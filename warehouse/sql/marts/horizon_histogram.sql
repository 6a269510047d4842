-- one row per domain and length bin: trajectories by tokens, with the goal of its domain, a mean; without those that have no token ids
with bins as (
    select
        unnest([0, 1_000, 2_500, 5_000, 10_000, 20_000, 45_000, 65_536, 131_072]) as from_tokens,
        unnest([1_000, 2_500, 5_000, 10_000, 20_000, 45_000, 65_536, 131_072, null]) as to_tokens
),

finished as (
    select trajectory_id, domain, n_tokens
    from trajectories
    where status <> 'aborted' and ids is distinct from 'none' and engine <> 'import'
),

domains as (
    select
        finished.domain,
        count(*) as of_domain,
        avg(n_tokens) as mean_tokens,
        coalesce(any_value(horizon_goals.goal_tokens), 45_000) as goal_tokens
    from finished
    left join horizon_goals using (domain)
    group by finished.domain
),

counted as (
    select domain, from_tokens, count(*) as trajectories, sum(n_tokens)::bigint as tokens
    from finished
    join bins on n_tokens >= from_tokens and n_tokens < coalesce(to_tokens, 9_223_372_036_854_775_807)
    group by domain, from_tokens
),

released as (
    select domain, from_tokens, count(*) as published
    from (select trajectory_id from published)
    join finished using (trajectory_id)
    join bins on n_tokens >= from_tokens and n_tokens < coalesce(to_tokens, 9_223_372_036_854_775_807)
    group by domain, from_tokens
),

filled as (
    select
        domains.domain,
        bins.from_tokens,
        bins.to_tokens,
        coalesce(counted.trajectories, 0) as trajectories,
        coalesce(released.published, 0) as published,
        coalesce(counted.tokens, 0) as tokens,
        coalesce(counted.trajectories, 0) / domains.of_domain as share,
        domains.mean_tokens,
        domains.goal_tokens,
        domains.mean_tokens / domains.goal_tokens as share_of_goal
    from domains
    cross join bins
    left join counted using (domain, from_tokens)
    left join released using (domain, from_tokens)
)

select *
from filled
order by domain, from_tokens
