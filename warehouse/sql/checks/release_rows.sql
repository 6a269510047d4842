-- one row per release whose manifest has other counts of rows or tokens than its published rows
with counted as (
    select
        release_id,
        count(*) as rows,
        count(distinct trajectory_id) as trajectories,
        sum(n_tokens)::bigint as tokens
    from published_parts
    group by release_id
)

select
    releases.release_id,
    releases.rows,
    json_extract(releases.manifest, '$.rows')::bigint as manifest_rows,
    counted.rows as published_rows,
    releases.tokens,
    counted.tokens as published_tokens
from releases
left join counted using (release_id)
where
    coalesce(json_extract(releases.manifest, '$.trajectories')::bigint, releases.rows) <> coalesce(counted.rows, 0)
    or releases.rows is distinct from json_extract(releases.manifest, '$.rows')::bigint
    or releases.tokens <> coalesce(counted.tokens, 0)
    or coalesce(counted.rows <> counted.trajectories, false)
