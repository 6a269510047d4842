-- one row per domain and composer whose attempts in the censoring mart differ from the planned attempts
with planned as (
    select domain, composer, count(*) as attempts
    from attempts
    group by domain, composer
),

counted as (
    select domain, composer, sum(attempts)::bigint as attempts
    from censoring
    group by domain, composer
)

select domain, composer, planned.attempts as planned, counted.attempts as counted
from planned
full join counted using (domain, composer)
where planned.attempts is distinct from counted.attempts
