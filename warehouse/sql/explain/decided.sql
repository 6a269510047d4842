-- one row a decision whose trajectory's id begins so
select trajectory_id, kept, reasons
from decisions
where starts_with(trajectory_id, $id)
order by trajectory_id
