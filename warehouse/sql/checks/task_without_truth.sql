-- one row per composed task without a ground truth: neither an answer nor a hidden goal
select tasks.task_id
from tasks
left join hidden using (task_id)
where tasks.composer <> 'import' and tasks.answer is null and hidden.goal is null
