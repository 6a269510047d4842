-- one row a trajectory that the newest refine decided on more than once
select trajectory_id, count(*) as rows
from decisions
group by trajectory_id
having count(*) > 1
