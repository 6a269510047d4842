-- one row a gate and trajectory: what was told; where the gate stands, and whether it decides, say $places
with places as (
    select unnest($places, recursive := true)
),

told as (
    select trajectory_id, unnest(answers) as one
    from alone
)

select places.gate, places.position, places.decides, told.trajectory_id, told.one.keep, told.one.reason, told.one.value
from told
join places on places.gate = told.one.gate
