-- one row per gate: its answer on the trajectory, and if it is a reason of the rejection
select gate, keep, reason, value, refuses
from gate_verdicts
where trajectory_id = $id
order by position
