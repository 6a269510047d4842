-- one row per attempt without a trajectory: its state when the newest run stopped
select unfinished_parts.*
from unfinished_parts
anti join trajectories using (trajectory_id)
qualify row_number() over (partition by trajectory_id order by stopped_at desc, run_id desc) = 1
