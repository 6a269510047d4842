-- one row a gate: what it said of the trajectory, and whether it is why it was refused
select gate, keep, reason, value, refuses
from gate_verdicts
where trajectory_id = $id
order by position
