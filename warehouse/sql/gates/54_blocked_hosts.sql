-- one row per trajectory: refuses attempts that read an address on the current blocklist ($blocked, one pattern of all entries)
-- without it: pages that may no longer be used, or hold a benchmark's answers, are released if they were read before they were listed.
-- An observation of kind `blocked` means that the page was not read
with blocked_reads as (
    select trajectory_id, min(index) as index
    from turn_facts
    semi join candidates using (trajectory_id)
    where kind is distinct from 'blocked' and regexp_matches(url, $blocked::varchar)
    group by trajectory_id
)

select
    candidates.trajectory_id,
    blocked_reads.index is null as keep,
    case when blocked_reads.index is null then 'ok' else 'blocked_url' end as reason,
    blocked_reads.index as value
from candidates
left join blocked_reads using (trajectory_id)
