-- one row a trajectory: was any page that holds the answer opened, or named in what a tool returned
-- without it: answers from memory or by luck pass for research; a student learns to skip the reading
with shown as (
    select
        turns.trajectory_id,
        count(distinct turns.url) filter (list_contains(truths.evidence_urls, turns.url)) as opened,
        coalesce(max(turn_facts.n_evidence), 0) as named
    from turns
    semi join candidates using (trajectory_id)
    join truths using (trajectory_id)
    left join turn_facts using (trajectory_id, index)
    where turns.role = 'tool' and turns.kind in ('ok', 'truncated')
    group by turns.trajectory_id
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
