-- one row per trajectory in only one of two releases, with the reason from the refines of the two
with earlier as (
    select * from published_parts where release_id = $before
),

later as (
    select * from published_parts where release_id = $after
),

judged_before as (
    select distinct trajectory_id
    from decision_parts
    where refine_id in (
        select json_extract_string(manifest, '$.refine_id') from release_parts where release_id = $before
    )
),

judged_after as (
    select trajectory_id, any_value(kept) as kept, any_value(reasons) as reasons
    from decision_parts
    where refine_id in (
        select json_extract_string(manifest, '$.refine_id') from release_parts where release_id = $after
    )
    group by trajectory_id
)

select
    trajectory_id,
    trajectories.domain,
    case when earlier.release_id is null then 'added' else 'removed' end as change,
    case
        when earlier.release_id is null and judged_before.trajectory_id is null then 'new'
        when earlier.release_id is null then 'refused_before'
        when judged_after.trajectory_id is null then 'not_decided'
        when judged_after.kept then 'not_published'
        else judged_after.reasons[1]
    end as reason,
    coalesce(earlier.n_tokens, later.n_tokens) as n_tokens
from earlier
full join later using (trajectory_id)
left join trajectories using (trajectory_id)
left join judged_before using (trajectory_id)
left join judged_after using (trajectory_id)
where earlier.release_id is null or later.release_id is null
