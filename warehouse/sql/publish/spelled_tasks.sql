-- one row per task with an attempt: the texts that its id covers, as they are spelled
select task_id, domain, instruction, answer
from tasks
semi join trajectories using (task_id)
