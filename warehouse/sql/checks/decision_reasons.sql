-- one row per decision that keeps despite a reason, or refuses without one
select trajectory_id, kept, reasons
from decisions
where kept <> (len(reasons) = 0)
