-- one row a gate and trajectory: what was told; where the gate stands, and whether it decides, says `gate_places`
select places.gate, places.position, places.decides, told.trajectory_id, one.keep, one.reason, one.value
from (select trajectory_id, unnest(answers) as one from alone) as told
join gate_places as places on places.gate = one.gate
