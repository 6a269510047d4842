-- one row per imported row: its id, its task and its sample number
select row_id, task_id, sample
from imports
where status = 'imported'
