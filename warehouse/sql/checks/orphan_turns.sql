-- one row per trajectory without turns, or per trajectory_id of turns without a trajectory
with lengths as (
    select trajectory_id, count(*) as turns
    from turns
    group by trajectory_id
)

select
    trajectory_id,
    trajectories.status,
    lengths.turns
from trajectories
full join lengths using (trajectory_id)
where trajectories.status is null or (lengths.turns is null and trajectories.n_turns > 0)
