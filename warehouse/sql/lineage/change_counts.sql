-- one row per change, reason and domain between two releases
select change, reason, domain, count(*) as trajectories, sum(n_tokens)::bigint as tokens
from changes
group by change, reason, domain
order by change, trajectories desc, reason, domain
