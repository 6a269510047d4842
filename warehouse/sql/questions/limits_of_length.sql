-- one row per domain and limit: the share of attempts that it ended, and their mean length against the goal
-- question: What keeps attempts shorter than the goal?
select
    domain,
    limited_by,
    attempts,
    share,
    round(mean_tokens)::bigint as mean_tokens,
    goal_tokens
from horizon_limits
order by domain, attempts desc, limited_by
