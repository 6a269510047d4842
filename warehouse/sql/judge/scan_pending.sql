-- one row per selected trajectory without an answer to this question, with its task, the parts that hold its turns, and its place
-- a seeded order, so that a scan that ends early has read a sample of all
with answered as (
    select distinct trajectory_id
    from verdict_parts
    where verifier = $verifier
        and version = $version
        and judge_model = $model
        and judge_prompt_sha256 = $prompt_sha256
),

unanswered as (
    select trajectory_id, task_id, status, answer, tools
    from trajectories
    semi join selected using (trajectory_id)
    anti join answered using (trajectory_id)
    anti join withdrawn using (trajectory_id)
    where not list_contains($given_up::varchar[], trajectory_id)
    order by sha256(trajectory_id)
    limit $limit
),

held as (
    select trajectory_id, list(distinct filename order by filename) as parts
    from read_parquet($turn_parts, filename = true, union_by_name = true)
    group by trajectory_id
)

select
    row_number() over (order by held.parts, unanswered.trajectory_id) as place,
    unanswered.trajectory_id,
    coalesce(tasks.instruction, '') as task,
    tasks.answer as truth,
    unanswered.tools,
    unanswered.status,
    unanswered.answer,
    held.parts
from unanswered
join held using (trajectory_id)
left join tasks on tasks.task_id = unanswered.task_id
