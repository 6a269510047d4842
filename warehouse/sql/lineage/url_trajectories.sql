-- one row per trajectory of `matched` that depends on a URL (composed from it, opened it, or was shown it) and location of its
-- release; the location is null for an unreleased one
with touched as (
    select trajectory_id, string_agg(distinct how, ', ' order by how) as how
    from matched
    where how <> 'named'
    group by trajectory_id
),

places as (
    select release_id, location, min(published_at) as published_at
    from release_parts
    group by release_id, location
),

released as (
    select
        published.trajectory_id,
        places.location,
        places.published_at,
        published.shard || ':' || published.row as place
    from published_parts as published
    join places using (release_id)
)

select
    touched.trajectory_id,
    touched.how,
    released.location,
    released.place
from touched
left join released using (trajectory_id)
order by released.published_at desc nulls last, released.location, touched.trajectory_id, released.place
