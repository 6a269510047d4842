-- one row per trajectory: the decision of the newest refine; none for a trajectory that was lost since
with lost as (
    select distinct trajectory_id
    from unfinished_parts
    anti join trajectory_parts using (trajectory_id)
    where reason = 'lost'
)

select decision_parts.*
from decision_parts
anti join lost using (trajectory_id)
where decided_at = (select max(decided_at) from decision_parts)
