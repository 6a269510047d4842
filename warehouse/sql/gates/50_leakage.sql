-- one row a trajectory: was its answer given away, in the task's words, in the system prompt, or by a mirror of a benchmark
-- without it: right answers that took no work, and pages that hold a benchmark's answers (search-time contamination,
-- Han et al. 2025) raise the scores that they are measured by
with prompts as (
    select distinct trajectories.task_id, trajectories.system
    from trajectories
    semi join candidates using (trajectory_id)
),

-- one prompt serves many tasks: its words are found once
systems as (
    select system, ' ' || regexp_replace(lower(system), '[^\p{L}\p{N}]+', ' ', 'g') || ' ' as system_words
    from (select distinct system from prompts)
),

asked as (
    select
        task_id,
        answer,
        instruction,
        ' ' || trim(regexp_replace(lower(answer), '[^\p{L}\p{N}]+', ' ', 'g')) || ' ' as answer_words,
        ' ' || regexp_replace(lower(instruction), '[^\p{L}\p{N}]+', ' ', 'g') || ' ' as instruction_words
    from tasks
    semi join candidates using (task_id)
),

texts as (
    select *
    from prompts
    join systems using (system)
    join asked using (task_id)
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
),

-- hosts with the start of a path, as $mirrors names them: subdomains too
opened as (
    select trajectory_id, count(*) as mirrors
    from turn_facts
    semi join candidates using (trajectory_id)
    where
        role = 'tool'
        and kind in ('ok', 'truncated')
        and len(list_filter($mirrors::varchar[], lambda mirror: contains(
            '.' || regexp_replace(lower(url), '^[a-z]+://([^/@]*@)?', '') || '/', '.' || lower(mirror)
        ))) > 0
    group by trajectory_id
),

found as (
    select
        candidates.trajectory_id,
        case
            when searched.reason <> 'ok' then searched.reason
            when opened.mirrors > 0 then 'benchmark_mirror'
            else 'ok'
        end as reason,
        opened.mirrors
    from candidates
    join trajectories using (trajectory_id)
    left join opened using (trajectory_id)
    left join searched
        on searched.task_id = trajectories.task_id
        and searched.system = trajectories.system
)

select trajectory_id, reason = 'ok' as keep, reason, mirrors as value
from found
