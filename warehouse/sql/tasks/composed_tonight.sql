-- one row per task that an earlier run of the same night composed: its composer, the page that holds its answer, its id
select composer, path[-1].url as url, task_id
from tasks
where run_id = $run_id
