-- one row a trajectory and span of words that stands in a benchmark too, as the newest refine found it
select *
from overlap_parts
where decided_at = (select max(decided_at) from decision_parts)
