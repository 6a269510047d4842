-- one row per trajectory_id that occurs more than once
select trajectory_id, count(*) as rows
from trajectories
group by trajectory_id
having count(*) > 1
