-- one row per trajectory: the decision of the newest refine
select *
from decision_parts
where decided_at = (select max(decided_at) from decision_parts)
