-- one row per imported task: its id and its first import
select task_id, created_at
from tasks
where composer = 'import'
