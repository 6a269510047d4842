-- one row per trajectory and span of words that a benchmark contains too, of the newest refine
select *
from overlap_parts
where decided_at = (select max(decided_at) from decision_parts)
