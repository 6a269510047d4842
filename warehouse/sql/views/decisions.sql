-- one row a trajectory: what the newest refine decided on it
select *
from decision_parts
where decided_at = (select max(decided_at) from decision_parts)
