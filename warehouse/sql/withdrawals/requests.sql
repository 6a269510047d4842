-- one row a request to withdraw something: when it was first made, and why
select target, arg_min(reason, asked_at) as reason, min(asked_at) as asked_at
from withdrawal_parts
group by target
