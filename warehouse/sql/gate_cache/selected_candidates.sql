-- one row per candidate whose id is in `selected_ids`
select *
from all_candidates
semi join selected_ids using (trajectory_id)
