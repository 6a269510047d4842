-- one row: the newest refine, and when it decided
select arg_max(refine_id, decided_at) as refine_id, max(decided_at) as decided_at
from decision_parts
