-- one row a task
select *
from task_parts
qualify row_number() over (partition by task_id order by created_at, run_id) = 1
