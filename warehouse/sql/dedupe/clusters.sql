-- one row per trajectory with duplicates: its cluster, the cluster's keeper, and its similarity to the keeper
with recursive links as materialized (
    select one as attempt, other from duplicate_pairs
    union all
    select other, one from duplicate_pairs
),

labels (attempt, label) using key (attempt) as (
    select distinct attempt, attempt as label
    from distinct_attempts
    union
    select links.attempt, min(spread.label) as label
    from links
    join labels as spread on spread.attempt = links.other
    join recurring.labels as known on known.attempt = links.attempt
    group by links.attempt, known.label
    having min(spread.label) < known.label
),

members as (
    select
        content_keys.trajectory_id,
        distinct_attempts.attempt,
        labels.label,
        min(content_keys.trajectory_id) over cluster as cluster_id,
        arg_min(content_keys.trajectory_id, keeper_rank.rank) over cluster as keeper_id,
        arg_min(distinct_attempts.attempt, keeper_rank.rank) over cluster as keeper_attempt,
        count(*) over cluster as size
    from content_keys
    join distinct_attempts using (content_key)
    join labels using (attempt)
    join keeper_rank on keeper_rank.trajectory_id = content_keys.trajectory_id
    window cluster as (partition by labels.label)
)

select
    members.trajectory_id,
    members.cluster_id,
    members.keeper_id,
    case when members.attempt = members.keeper_attempt then 1.0 else links.similarity end as similarity
from members
left join (
    select one as attempt, other, similarity from pair_similarity
    union all
    select other, one, similarity from pair_similarity
) as links on links.attempt = members.attempt and links.other = members.keeper_attempt
where members.size > 1
