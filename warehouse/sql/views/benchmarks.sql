-- one row per benchmark file that the newest refine compared with
select *
from benchmark_parts
where decided_at = (select max(decided_at) from decision_parts)
