-- one row per trajectory of a cluster of duplicates: the cluster's size and keeper, and the similarity to the keeper
select
    decisions.cluster_id,
    count(*) over cluster as size,
    decisions.keeper_id,
    decisions.trajectory_id,
    decisions.trajectory_id = decisions.keeper_id as keeps,
    decisions.similarity,
    decisions.kept,
    trajectories.task_id,
    trajectories.domain,
    trajectories.run_id,
    try_cast(trajectories.run_id[:10] as date) as date,
    trajectories.n_tokens
from decisions
join trajectories using (trajectory_id)
where decisions.cluster_id is not null
window cluster as (partition by decisions.cluster_id)
order by size desc, cluster_id, keeps desc, similarity desc, trajectory_id
