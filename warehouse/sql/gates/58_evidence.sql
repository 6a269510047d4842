-- one row per trajectory: refuses attempts that neither opened a page with the answer nor read its address in a tool result
-- without it: answers from memory or by luck count as research; a student learns to skip the reading
with consulted as (
    select
        trajectory_id,
        count(distinct url) filter (list_contains(ground_truths.evidence_urls, url)) as opened,
        coalesce(max(n_evidence), 0) as named
    from turn_facts
    semi join candidates using (trajectory_id)
    join ground_truths using (trajectory_id)
    where role = 'tool' and kind in ('ok', 'truncated') and n_evidence > 0
    group by trajectory_id
),

required as (
    select candidates.trajectory_id, any_value(coalesce(len(ground_truths.evidence_urls), 0)) as pages
    from candidates
    left join ground_truths using (trajectory_id)
    group by candidates.trajectory_id
)

select
    required.trajectory_id,
    pages = 0 or coalesce(greatest(opened, named) > 0, false) as keep,
    case when keep then 'ok' else 'not_consulted' end as reason,
    case when pages > 0 then least(coalesce(greatest(opened, named), 0) / pages, 1) end as value
from required
left join consulted using (trajectory_id)
