-- one row per trajectory: refuses agents that slip into a script which neither the task nor any page uses
-- without it: a student learns to change its language in the middle of a thought. Latin letters are always allowed (names, code)
with supported as (
    select trajectory_id, list_distinct(flatten(list(scripts_read))) as read
    from turn_facts
    group by trajectory_id
),

slips as (
    select
        turn_facts.trajectory_id,
        list_max(list_transform(
            list_filter(scripts, lambda one: not list_contains(coalesce(supported.read, []), one.script)),
            lambda one: one.letters / letters
        )) as share
    from turn_facts
    semi join candidates using (trajectory_id)
    left join supported using (trajectory_id)
    where len(scripts) > 0
),

worst as (
    select trajectory_id, max(share) as share
    from slips
    group by trajectory_id
)

select
    candidates.trajectory_id,
    coalesce(share < $max_foreign_script_share, true) as keep,
    case when keep then 'ok' else 'other_script' end as reason,
    coalesce(share, 0) as value
from candidates
left join worst using (trajectory_id)
