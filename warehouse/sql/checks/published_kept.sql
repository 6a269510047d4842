-- one row a published trajectory that the refine its release names did not keep
with promised as (
    select release_id, json_extract_string(manifest, '$.refine_id') as refine_id
    from releases
),

decided as (
    select
        published_parts.release_id,
        published_parts.trajectory_id,
        promised.refine_id,
        bool_or(decision_parts.kept) as kept
    from published_parts
    join promised using (release_id)
    left join decision_parts
        on decision_parts.refine_id = promised.refine_id
        and decision_parts.trajectory_id = published_parts.trajectory_id
    group by all
)

select *
from decided
where kept is null or not kept
