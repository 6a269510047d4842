-- one row a trajectory of `meant` that rests on a url: made from it, opened it, or was shown it; with where it was released
with touched as (
    select trajectory_id, string_agg(distinct how, ', ' order by how) as how
    from meant
    where how <> 'named'
    group by trajectory_id
),

released as (
    select trajectory_id, count(distinct release_id) as releases, max_by(shard || ':' || row, release_id) as row
    from published_parts
    group by trajectory_id
),

standing as (
    select trajectory_id, shard || ':' || row as newest_row
    from published
)

select
    touched.trajectory_id,
    touched.how,
    coalesce(released.releases, 0) as releases,
    standing.newest_row
from touched
left join released using (trajectory_id)
left join standing using (trajectory_id)
order by releases desc, touched.trajectory_id
