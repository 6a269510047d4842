-- one row: a trajectory with its task and the decision of the newest refine
select
    trajectories.*,
    tasks.instruction,
    tasks.answer as truth,
    tasks.composer,
    tasks.hops,
    [hop.url for hop in tasks.path] as path,
    decisions.kept,
    decisions.reasons,
    decisions.keeper_id,
    decisions.similarity
from trajectories
left join tasks using (task_id)
left join decisions using (trajectory_id)
where trajectories.trajectory_id = $trajectory_id
