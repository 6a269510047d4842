-- one row a request to withdraw something: when it was first made, and why
select target, arg_min(reason, requested_at) as reason, min(requested_at) as requested_at
from withdrawal_parts
group by target
