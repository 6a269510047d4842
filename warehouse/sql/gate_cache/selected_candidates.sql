-- one row a trajectory to decide on, of those whose ids are in `here`
select *
from every_candidate
semi join here using (trajectory_id)
