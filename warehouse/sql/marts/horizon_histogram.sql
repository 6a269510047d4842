-- one row per domain and length bin: trajectories by tokens, with the goal of its domain, a mean; without those that have no token ids
with bins as (
    select
        unnest([0, 1_000, 2_500, 5_000, 10_000, 20_000, 45_000, 65_536, 131_072]) as from_tokens,
        unnest([1_000, 2_500, 5_000, 10_000, 20_000, 45_000, 65_536, 131_072, null]) as to_tokens
),

finished as not materialized (  -- read twice: with ids for the few of a release
    select
        trajectory_id,
        domain,
        n_tokens,
        case
            when n_tokens < 1_000 then 0
            when n_tokens < 2_500 then 1_000
            when n_tokens < 5_000 then 2_500
            when n_tokens < 10_000 then 5_000
            when n_tokens < 20_000 then 10_000
            when n_tokens < 45_000 then 20_000
            when n_tokens < 65_536 then 45_000
            when n_tokens < 131_072 then 65_536
            else 131_072
        end as from_tokens
    from trajectories
    where status <> 'aborted' and ids is distinct from 'none' and engine <> 'import'
),

counted as (
    select domain, from_tokens, count(*) as trajectories, sum(n_tokens)::bigint as tokens
    from finished
    group by domain, from_tokens
),

domains as (
    select
        counted.domain,
        sum(trajectories) as of_domain,
        sum(tokens) / sum(trajectories) as mean_tokens,
        coalesce(any_value(horizon_goals.goal_tokens), 45_000) as goal_tokens
    from counted
    left join horizon_goals using (domain)
    group by counted.domain
),

released as (
    select domain, from_tokens, count(*) as published
    from (select trajectory_id from published)
    join finished using (trajectory_id)
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
