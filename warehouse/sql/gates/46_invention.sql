-- one row a trajectory: did the agent write a tool's answer itself, or cite a page that it was never shown
-- without it: a student learns to make up what it should look up. What a page or the question says may be quoted
with final as (
    select trajectory_id, max(index) as index
    from turn_facts
    semi join candidates using (trajectory_id)
    where role = 'assistant'
    group by trajectory_id
),

shown as (
    select trajectory_id, list_distinct(flatten(list(bears_out))) as texts
    from turn_facts
    group by trajectory_id
),

claims as (
    select
        turn_facts.trajectory_id,
        turn_facts.index,
        turn_facts.parse = 'ok' or regexp_matches(turn_facts.markup, 'res|RES|bservation') as whole,
        case when not list_contains(coalesce(shown.texts, []), turn_facts.markup) then turn_facts.markup end as markup,
        case when final.index is not null then list_filter(
            turn_facts.cited,
            lambda address:
                not list_contains(coalesce(shown.texts, []), address)
                and not regexp_matches(address, '^://(localhost|127\.|0\.0\.0\.0|\[|([^/]*\.)?example\.)')
        ) end as unseen
    from turn_facts
    semi join candidates using (trajectory_id)
    left join shown using (trajectory_id)
    left join final using (trajectory_id, index)
    where turn_facts.markup is not null or len(turn_facts.cited) > 0
),

faults as (
    select
        trajectory_id,
        count(markup) filter (whole) as markups,
        coalesce(sum(len(unseen)), 0) as unseen
    from claims
    group by trajectory_id
)

select
    candidates.trajectory_id,
    coalesce(markups = 0 and unseen = 0, true) as keep,
    case when keep then 'ok' when markups > 0 then 'tool_markup' else 'url_never_shown' end as reason,
    coalesce(markups + unseen, 0) as value
from candidates
left join faults using (trajectory_id)
