-- one row per value of a filter of the list: how many finished attempts have it
with finished as (
    select domain, run_id as night, status, fate, reason
    from fates
    where status is not null
        and (not $limited or trajectory_id in (select trajectory_id from selection))
),

named as (
    unpivot finished on domain, night, status, fate, reason into name filter value value
)

select filter, value, count(*) as attempts
from named
group by filter, value
order by filter, attempts desc, value
