-- one row per trajectory with more than one decision of the newest refine
select trajectory_id, count(*) as rows
from decisions
group by trajectory_id
having count(*) > 1
