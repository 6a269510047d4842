-- one row per trajectory for a person to check: drawn from the strata in turn, without those audited before
with drawn as (
    select trajectory_id, stratum, row_number() over (partition by stratum order by lot) as turn
    from strata
    anti join audits using (trajectory_id)
)

select
    drawn.trajectory_id,
    tasks.instruction,
    tasks.answer as truth,
    trajectories.answer
from drawn
join trajectories using (trajectory_id)
join tasks on tasks.task_id = trajectories.task_id
qualify row_number() over (order by drawn.turn, drawn.stratum) <= $n
-- the order must not reveal the verdicts
order by sha256(drawn.trajectory_id || $seed)
