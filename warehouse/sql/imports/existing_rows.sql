-- one row an imported row: its id, and which attempt at which task it became
select row_id, task_id, sample
from imports
where status = 'imported'
