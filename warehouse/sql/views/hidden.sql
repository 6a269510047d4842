-- one row per task with a hidden truth: its goal state and what the oracle knows
select *
from hidden_parts
qualify row_number() over (partition by task_id order by run_id) = 1
