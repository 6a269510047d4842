-- one row per decision on a trajectory whose id begins with $id
select trajectory_id, kept, reasons
from decisions
where starts_with(trajectory_id, $id)
order by trajectory_id
