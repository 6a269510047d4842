-- one row a withdrawn trajectory: the first request for it
select *
from withdrawal_parts
qualify row_number() over (partition by trajectory_id order by asked_at, target) = 1
