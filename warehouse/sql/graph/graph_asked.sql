-- one row per question of these composers that became a task tonight: its composer and the pages that it is about
select composer, evidence
from tasks
where composer in (select unnest($composers)) and run_id = $run_id
order by composer, task_id
