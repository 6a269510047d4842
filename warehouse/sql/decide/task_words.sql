-- one row a task: its words and its answer, read before the trajectories are: both at once hold what each part says of itself twice
select task_id, instruction, answer
from tasks
