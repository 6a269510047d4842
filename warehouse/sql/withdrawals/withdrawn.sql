-- one row a trajectory that is withdrawn, also one that was made after the request: the first request that means it
with every as (
    select trajectory_id, target, reason, requested_at
    from withdrawal_parts
    union all
    select meant.trajectory_id, target, requests.reason, requests.requested_at
    from meant
    join requests using (target)
)

select trajectory_id, target, reason
from every
qualify row_number() over (partition by trajectory_id order by requested_at, target, reason) = 1
