-- one row per domain and role: number of messages and their lengths
with measured as (
    select
        trajectories.domain,
        turns.role,
        turns.n_chars,
        -- trajectories without token ids have no tokens, imported ones have no seconds either
        case when trajectories.ids is distinct from 'none' and trajectories.engine <> 'import' then turns.n_tokens end as n_tokens,
        turns.cached_tokens,
        case when trajectories.engine <> 'import' then turns.seconds end as seconds
    from turns
    join trajectories using (trajectory_id)
),

summed as (
    select
        domain,
        role,
        count(*) as turns,
        sum(n_chars)::bigint as chars,
        avg(n_chars) as mean_chars,
        sum(n_tokens)::bigint as tokens,
        avg(n_tokens) as mean_tokens,
        quantile_cont(n_tokens, 0.9) as p90_tokens,
        max(n_tokens) as max_tokens,
        sum(cached_tokens)::bigint as cached_tokens,
        sum(seconds) as seconds,
        avg(seconds) as mean_seconds
    from measured
    group by domain, role
)

select *
from summed
order by domain, role
