-- one row per night, domain ('all' too) and fate with its reason: attempts planned that night or delegated by one of them, and their share
with steps as (
    select run_id, domain, 0 as position, 'planned' as fate, 'planned' as reason, n_tokens
    from fates
    union all
    select
        run_id,
        domain,
        case fate when 'unfinished' then 1 when 'rejected' then 2 else 3 end as position,
        fate,
        reason,
        n_tokens
    from fates
),

totalled as (
    select
        run_id,
        coalesce(domain, 'all') as domain,
        position,
        fate,
        reason,
        count(*) as attempts,
        sum(n_tokens)::bigint as tokens
    from steps
    group by grouping sets ((run_id, domain, position, fate, reason), (run_id, position, fate, reason))
)

select
    run_id,
    try_cast(run_id[:10] as date) as date,
    domain,
    fate,
    reason,
    attempts,
    tokens,
    attempts / sum(attempts) filter (position = 0) over (partition by run_id, domain) as share
from totalled
order by run_id, domain = 'all' desc, domain, position, attempts desc, reason
