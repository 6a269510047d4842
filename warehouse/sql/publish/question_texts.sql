-- one row per task that is kept or was published: its folded question and truth, and a key that equal questions share
with wanted as (
    select trajectories.task_id
    from decisions
    join trajectories using (trajectory_id)
    where decisions.kept
    union
    select task_id from published_parts
),

texts as (
    select
        task_id,
        created_at,
        question,
        truth,
        composer = 'import' and task_id <> spelled_id as has_own_id
    from tasks
    join folded_tasks using (task_id)
    semi join wanted using (task_id)
)

select
    task_id,
    created_at,
    question,
    truth,
    -- an instruction that many tasks with ids of their own share ("mend the repository") says nothing about the problem
    case
        when has_own_id and count(*) filter (has_own_id) over (partition by question) > 20 then task_id
        else md5(question)
    end as key
from texts
