-- one row per task, as first composed; an imported task has all attempts that later files added
select * replace (
    case when composer = 'import' then max(samples) over (partition by task_id) else samples end as samples
)
from task_parts
qualify row_number() over (
    partition by task_id
    order by created_at, case when composer = 'import' then samples else -samples end, run_id
) = 1
