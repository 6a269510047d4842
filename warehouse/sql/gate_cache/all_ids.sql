-- one row per candidate: its id
select trajectory_id
from all_candidates
