-- one row a trajectory: was its answer given away, in the task's words or in the system prompt
with prompts as (
    select distinct trajectories.task_id, trajectories.system
    from trajectories
    semi join candidates using (trajectory_id)
),

texts as (
    select
        prompts.task_id,
        prompts.system,
        tasks.answer,
        ' ' || trim(regexp_replace(lower(tasks.answer), '[^\p{L}\p{N}]+', ' ', 'g')) || ' ' as answer_words,
        ' ' || regexp_replace(lower(tasks.instruction), '[^\p{L}\p{N}]+', ' ', 'g') || ' ' as instruction_words,
        ' ' || regexp_replace(lower(prompts.system), '[^\p{L}\p{N}]+', ' ', 'g') || ' ' as system_words,
        tasks.instruction
    from prompts
    join tasks using (task_id)
),

searched as (
    select
        task_id,
        system,
        case
            when coalesce(trim(answer), '') = '' then 'ok'
            when trim(answer_words) = '' and contains(instruction, trim(answer)) then 'answer_in_instruction'
            when trim(answer_words) = '' and contains(system, trim(answer)) then 'answer_in_system_prompt'
            when trim(answer_words) = '' then 'ok'
            when contains(instruction_words, answer_words) then 'answer_in_instruction'
            when contains(system_words, answer_words) then 'answer_in_system_prompt'
            else 'ok'
        end as reason
    from texts
)

select
    candidates.trajectory_id,
    coalesce(searched.reason, 'ok') = 'ok' as keep,
    coalesce(searched.reason, 'ok') as reason,
    null as value
from candidates
join trajectories using (trajectory_id)
left join searched
    on searched.task_id = trajectories.task_id
    and searched.system = trajectories.system
