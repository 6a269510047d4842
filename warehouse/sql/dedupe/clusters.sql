-- one row a trajectory that has near duplicates: its cluster, the cluster's keeper, how similar it is to it
with recursive links as materialized (
    select one as work, other from edges
    union all
    select other, one from edges
),

labels (work, label) using key (work) as (
    select distinct work, work as label
    from works
    union
    select links.work, min(spread.label) as label
    from links
    join labels as spread on spread.work = links.other
    join recurring.labels as known on known.work = links.work
    group by links.work, known.label
    having min(spread.label) < known.label
),

members as (
    select
        work_keys.trajectory_id,
        works.work,
        labels.label,
        min(work_keys.trajectory_id) over cluster as cluster_id,
        arg_min(work_keys.trajectory_id, standing.rank) over cluster as keeper_id,
        arg_min(works.work, standing.rank) over cluster as keeper_work,
        count(*) over cluster as size
    from work_keys
    join works using (work_key)
    join labels using (work)
    join standing on standing.trajectory_id = work_keys.trajectory_id
    window cluster as (partition by labels.label)
)

select
    members.trajectory_id,
    members.cluster_id,
    members.keeper_id,
    case when members.work = members.keeper_work then 1.0 else links.similarity end as similarity
from members
left join (
    select one as work, other, similarity from likeness
    union all
    select other, one, similarity from likeness
) as links on links.work = members.work and links.other = members.keeper_work
where members.size > 1
