-- one row a trajectory: did it read from an address that is on today's blocklist ($blocked, one pattern of all entries)
-- without it: what may no longer be used, or holds the answers of a benchmark, is released with what was read before it
-- was listed. An observation of the kind blocked shows that nothing was read
with read as (
    select trajectory_id, min(index) as index
    from turn_facts
    semi join candidates using (trajectory_id)
    where kind is distinct from 'blocked' and regexp_matches(url, $blocked::varchar)
    group by trajectory_id
)

select
    candidates.trajectory_id,
    read.index is null as keep,
    case when read.index is null then 'ok' else 'blocked_url' end as reason,
    read.index as value
from candidates
left join read using (trajectory_id)
