-- one row per target of the requests in the lake: when it was first requested, and why
select target, arg_min(reason, requested_at) as reason, min(requested_at) as requested_at
from withdrawal_parts
group by target
