-- one row a benchmark file: what the newest refine checked against
select *
from benchmark_parts
where decided_at = (select max(decided_at) from decision_parts)
