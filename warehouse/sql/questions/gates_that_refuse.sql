-- one row per reason of a refusal: attempts that have it, and those that are refused for nothing else, most frequent first
-- question: What refuses the most attempts?
with named as (
    select trajectory_id, unnest(reasons) as reason, len(reasons) as n_reasons
    from decisions
    where not kept
)

select
    reason,
    count(*) as attempts,
    count(*) filter (n_reasons = 1) as for_nothing_else,
    min(trajectory_id) as example
from named
group by reason
order by attempts desc, reason
