-- one row per member of one of the $limit largest clusters of duplicates, the keeper of each first
with largest as (
    select cluster_id, any_value(size) as size
    from duplicates
    group by cluster_id
    order by size desc, cluster_id
    limit $limit
)

select
    duplicates.cluster_id,
    duplicates.size,
    duplicates.keeper_id,
    duplicates.trajectory_id,
    duplicates.similarity,
    duplicates.kept,
    duplicates.n_tokens,
    duplicates.run_id
from duplicates
semi join largest using (cluster_id)
order by size desc, cluster_id, keeps desc, similarity desc, trajectory_id
