-- one row per finished attempt without a verdict of this judge, with its task, the parts that hold its turns, and its place
-- a child's fate is its parent's, and nothing of a rehearsal is released, so neither is judged
with judged as (
    select distinct trajectory_id
    from verdicts
    where turn_index is null
        and verifier = $verifier
        and version = $version
        and judge_model = $model
        and judge_prompt_sha256 = $prompt_sha256
),

unjudged as (
    select trajectory_id, task_id, status, answer, tools
    from trajectories
    anti join judged using (trajectory_id)
    anti join withdrawn using (trajectory_id)
    where status <> 'aborted'
        and parent_id is null
        and not regexp_full_match(engine, 'oracle|explorer|shortcut:.*')
        and not list_contains($given_up::varchar[], trajectory_id)
),

held as (
    select trajectory_id, list(distinct filename order by filename) as parts
    from read_parquet($turn_parts, filename = true, union_by_name = true)
    group by trajectory_id
)

select
    row_number() over (order by held.parts, unjudged.trajectory_id) as place,
    unjudged.trajectory_id,
    coalesce(tasks.instruction, '') as task,
    tasks.answer as truth,
    unjudged.tools,
    unjudged.status,
    unjudged.answer,
    held.parts
from unjudged
join held using (trajectory_id)
left join tasks on tasks.task_id = unjudged.task_id
