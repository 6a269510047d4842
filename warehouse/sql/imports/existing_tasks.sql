-- one row an imported task: when it came first
select task_id, created_at
from tasks
where composer = 'import'
