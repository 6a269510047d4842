-- one row per trajectory that the newest refine kept and a later request withdrew (`withdrawn`), with the request
select trajectory_id, target
from withdrawn
semi join (from decisions where kept) using (trajectory_id)
order by trajectory_id
