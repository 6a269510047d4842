-- one row per trajectory: refuses exact copies: the same task, turns and answer as the keeper
with ranked as (
    select
        content_keys.trajectory_id,
        row_number() over (partition by content_keys.content_key order by keeper_rank.rank) = 1 as keep,
        count(*) over (partition by content_keys.content_key) as copies
    from content_keys
    join keeper_rank using (trajectory_id)
)

select
    trajectory_id,
    keep,
    case when keep then 'ok' else 'copy' end as reason,
    copies as value
from ranked
