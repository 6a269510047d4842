-- one row per trajectory that the trajectory delegated, or that one of those delegated: its depth, length and decision
select
    children.trajectory_id,
    children.parent_id,
    children.parent_call_id,
    children.depth,
    trajectories.status,
    trajectories.answer,
    trajectories.n_turns,
    trajectories.n_tokens,
    decisions.kept
from children
join trajectories using (trajectory_id)
left join decisions using (trajectory_id)
where children.root_id = coalesce(
    (select root_id from children where trajectory_id = $trajectory_id), $trajectory_id
)
order by children.depth, children.trajectory_id
