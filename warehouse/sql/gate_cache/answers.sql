-- one row per cached gate and candidate: the gate's answer; $places lists each gate with its position and if it decides
with places as (
    select unnest($places, recursive := true)
),

cached as (
    select trajectory_id, unnest(answers) as answer
    from valid_cached
)

select places.gate, places.position, places.decides, cached.trajectory_id, cached.answer.keep, cached.answer.reason, cached.answer.value
from cached
join places on places.gate = cached.answer.gate
