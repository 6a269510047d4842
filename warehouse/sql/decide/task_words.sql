-- one row per task: its instruction and answer; read before the trajectories, so that the footers of one record at a time are in memory
select task_id, instruction, answer
from tasks
