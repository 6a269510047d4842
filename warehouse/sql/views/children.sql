-- one row per child: a trajectory that a tool call of another delegated, with the attempt at the root and its depth below it
with recursive descendants as (
    select trajectory_id, parent_id, parent_call_id, parent_id as root_id, 1 as depth
    from trajectories
    where parent_id in (select trajectory_id from trajectories where parent_id is null)
    union all
    select child.trajectory_id, child.parent_id, child.parent_call_id, descendants.root_id, descendants.depth + 1
    from trajectories as child
    join descendants on child.parent_id = descendants.trajectory_id
)

select * from descendants
