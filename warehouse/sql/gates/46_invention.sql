-- one row per trajectory: refuses agents that write a tool's result themselves, or cite an address that is in no text they read
-- without it: a student learns to make up facts that it should look up. Markup and addresses in the question or a page may be quoted
with final as (
    select trajectory_id, max(index) as index
    from turn_facts
    semi join candidates using (trajectory_id)
    where role = 'assistant'
    group by trajectory_id
),

supported as (
    select trajectory_id, list_distinct(flatten(list(supported_claims))) as texts
    from turn_facts
    group by trajectory_id
),

claims as (
    select
        turn_facts.trajectory_id,
        turn_facts.index,
        turn_facts.parse = 'ok' or regexp_matches(turn_facts.tool_markup, 'res|RES|bservation') as whole,
        case when not list_contains(coalesce(supported.texts, []), turn_facts.tool_markup) then turn_facts.tool_markup end as tool_markup,
        case when final.index is not null then list_filter(
            turn_facts.cited_urls,
            lambda address:
                not list_contains(coalesce(supported.texts, []), address)
                and not regexp_matches(address, '^://(localhost|127\.|0\.0\.0\.0|\[|([^/]*\.)?example\.)')
        ) end as unseen
    from turn_facts
    semi join candidates using (trajectory_id)
    left join supported using (trajectory_id)
    left join final using (trajectory_id, index)
    where turn_facts.tool_markup is not null or len(turn_facts.cited_urls) > 0
),

faults as (
    select
        trajectory_id,
        count(tool_markup) filter (whole) as markups,
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
