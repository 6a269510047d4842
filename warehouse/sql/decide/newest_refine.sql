-- one row: the id of the newest refine, and the time of its decisions
select arg_max(refine_id, decided_at) as refine_id, max(decided_at) as decided_at
from decision_parts
