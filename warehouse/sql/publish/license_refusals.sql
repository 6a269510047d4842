-- one row per trajectory that its licenses keep out of a release, with the reason: license:NAME, or license:none
with judged as (
    select
        trajectory_id,
        coalesce(license, 'none') as license,
        case
            when license is null then not $publish_unlicensed
            else coalesce(list_bool_or(list_transform($refuse, lambda one: lower(license) glob lower(one))), false)
                or not coalesce(list_bool_or(list_transform($allow, lambda one: lower(license) glob lower(one))), false)
        end as refused
    from trajectory_licenses
)

select trajectory_id, 'license:' || min(license) as reason
from judged
where refused
group by trajectory_id
