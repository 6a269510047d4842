-- one row per released row that an id matches: the start of a trajectory's id, or shard:row of the newest release
select
    published.trajectory_id,
    published.task_id,
    published.release_id,
    releases.location,
    published.shard,
    published.row,
    published.split
from published_parts as published
join (select distinct on (release_id) * from release_parts order by release_id, published_at) as releases
    using (release_id)
where starts_with(published.trajectory_id, $id)
    or (published.shard || ':' || published.row = $id and release_id = (select release_id from newest_release))
order by releases.published_at, published.trajectory_id
