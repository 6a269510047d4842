-- one row per candidate without valid cached answers: its id
select trajectory_id
from all_candidates
anti join valid_cached using (trajectory_id)
