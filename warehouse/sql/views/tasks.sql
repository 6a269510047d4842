-- one row per task, as first composed; an imported task has all attempts that later files added
select *
from task_parts
qualify row_number() over (partition by task_id order by created_at, samples desc, run_id) = 1
