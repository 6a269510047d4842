-- one row per task: the first task with the same question and ground truth, in any spelling
with keyed as (
    select
        task_id,
        created_at,
        case
            -- the id covers more than the text: a dialogue, the set's own task id, a state that a check looks at
            when composer <> 'import' and answer is null then task_id
            when composer = 'import' and composer_version::integer >= 4
                and task_id <> spelled_id then task_id
            -- an earlier import took greetings for questions
            when composer = 'import' and answer is null and len(string_split(question, ' ')) < 5 then task_id
            else md5(concat_ws(chr(31), domain, question, coalesce(truth, chr(30))))
        end as key
    from tasks
    join folded_tasks using (task_id)
)

select task_id, arg_min(task_id, (created_at, task_id)) over (partition by key) as question_task
from keyed
