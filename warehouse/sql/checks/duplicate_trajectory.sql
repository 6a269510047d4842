-- one row a trajectory_id that stands more than once
select trajectory_id, count(*) as rows
from trajectories
group by trajectory_id
having count(*) > 1
