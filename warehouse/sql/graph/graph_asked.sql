-- one row per question of these composers that became a task tonight: its composer, the pages that it is about, and its words
select composer, evidence, instruction
from tasks
where composer in (select unnest($composers)) and run_id = $run_id
order by composer, task_id
