-- one row per published trajectory that its release's refine did not keep; a refine whose decisions were lost is left out
with refines as (
    select release_id, json_extract_string(manifest, '$.refine_id') as refine_id
    from releases
),

decided as (
    select
        published_parts.release_id,
        published_parts.trajectory_id,
        refines.refine_id,
        bool_or(decision_parts.kept) as kept
    from published_parts
    join refines using (release_id)
    semi join decision_parts as known on known.refine_id = refines.refine_id
    left join decision_parts
        on decision_parts.refine_id = refines.refine_id
        and decision_parts.trajectory_id = published_parts.trajectory_id
    group by all
)

select *
from decided
where kept is null or not kept
