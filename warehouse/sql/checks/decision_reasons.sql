-- one row a decision that keeps in spite of a reason, or refuses without one
select trajectory_id, kept, reasons
from decisions
where kept <> (len(reasons) = 0)
