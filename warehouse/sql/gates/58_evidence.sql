-- one row a trajectory: was any page that holds the answer opened, or named in what a tool returned
-- without it: answers from memory or by luck pass for research; a student learns to skip the reading
with shown as (
    select
        trajectory_id,
        count(distinct url) filter (list_contains(truths.evidence_urls, url)) as opened,
        coalesce(max(n_evidence), 0) as named
    from turn_facts
    semi join candidates using (trajectory_id)
    join truths using (trajectory_id)
    where role = 'tool' and kind in ('ok', 'truncated') and n_evidence > 0
    group by trajectory_id
),

wanted as (
    select candidates.trajectory_id, any_value(coalesce(len(truths.evidence_urls), 0)) as pages
    from candidates
    left join truths using (trajectory_id)
    group by candidates.trajectory_id
)

select
    wanted.trajectory_id,
    pages = 0 or coalesce(greatest(opened, named) > 0, false) as keep,
    case when keep then 'ok' else 'not_consulted' end as reason,
    case when pages > 0 then least(coalesce(greatest(opened, named), 0) / pages, 1) end as value
from wanted
left join shown using (trajectory_id)
