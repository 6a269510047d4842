-- one row per task whose id begins with the given text
select distinct on (task_id) * exclude (date)
from tasks
where starts_with(task_id, $id)
order by task_id, run_id desc
