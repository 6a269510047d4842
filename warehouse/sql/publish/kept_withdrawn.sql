-- one row a trajectory that the newest refine kept and that was withdrawn since (`withdrawn`): which request means it
select trajectory_id, target
from withdrawn
semi join (from decisions where kept) using (trajectory_id)
order by trajectory_id
