-- one row a planned attempt that an id, or the start of it, names: its own or its task's
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
