-- one row per domain, composer and reason: candidates refused in all nights, the most frequent first
select domain, composer, reason, sum(n)::bigint as n
from refusals
group by domain, composer, reason
order by domain, composer, n desc, reason
