-- one row per withdrawn trajectory, also of attempts made after the request: the first request that matches it
with every as (
    select trajectory_id, target, reason, requested_at
    from withdrawal_parts
    union all
    select matched.trajectory_id, target, requests.reason, requests.requested_at
    from matched
    join requests using (target)
)

select trajectory_id, target, reason
from every
qualify row_number() over (partition by trajectory_id order by requested_at, target, reason) = 1
