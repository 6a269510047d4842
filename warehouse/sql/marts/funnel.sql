-- one row per domain ('all' too) and step: attempts (planned, or delegated by one), then every fate with its reason
with planned as (
    select
        0 as position,
        'planned' as fate,
        'planned' as reason,
        domain,
        count(*) as attempts,
        sum(n_tokens) as tokens
    from fates
    group by domain
),

ended as (
    select
        case fate when 'unfinished' then 1 when 'rejected' then 2 else 3 end as position,
        fate,
        reason,
        domain,
        count(*) as attempts,
        sum(n_tokens) as tokens
    from fates
    group by all
),

steps as (
    select * from planned
    union all
    select * from ended
),

totalled as (
    select
        coalesce(domain, 'all') as domain,
        position,
        fate,
        reason,
        sum(attempts)::bigint as attempts,
        sum(tokens)::bigint as tokens
    from steps
    group by grouping sets ((domain, position, fate, reason), (position, fate, reason))
),

shared as (
    select
        domain,
        fate,
        reason,
        attempts,
        tokens,
        attempts / sum(attempts) filter (position = 0) over (partition by domain) as share,
        row_number() over (
            partition by domain
            order by position, attempts desc, reason
        ) as step
    from totalled
)

select domain, step, fate, reason, attempts, tokens, share
from shared
order by domain = 'all' desc, domain, step
