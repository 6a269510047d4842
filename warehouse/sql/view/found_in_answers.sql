-- one row per attempt with the text in its question, truth or answer, or at the start of an id
select trajectories.trajectory_id
from trajectories
left join tasks using (task_id)
where contains(lower(coalesce(tasks.instruction, '')), lower($words))
    or contains(lower(coalesce(tasks.answer, '')), lower($words))
    or contains(lower(coalesce(trajectories.answer, '')), lower($words))
    or starts_with(trajectories.trajectory_id, lower($words))
    or starts_with(trajectories.task_id, lower($words))
