-- one row per withdrawn trajectory: the first request for it
select *
from withdrawal_parts
qualify row_number() over (partition by trajectory_id order by requested_at, target) = 1
