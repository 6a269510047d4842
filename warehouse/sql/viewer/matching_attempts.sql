-- one row per planned attempt that an id matches: the start of its id or of its task's id
select
    trajectory_id,
    task_id,
    sample,
    status,
    fate,
    reason,
    n_tokens
from fates
where starts_with(trajectory_id, $id) or starts_with(task_id, $id)
order by task_id, sample
