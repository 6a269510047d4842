-- one row a trajectory: does it end by refusing, by giving up or by guessing
-- without it: a student learns that not knowing is an answer. Marker phrases as in the cleaning of ShareGPT for Vicuna;
-- only where they open the answer, or where the agent says of its own last step that it guesses
with answers as (
    select
        trajectories.trajectory_id,
        left(trim(trajectories.answer), 200) as opening,
        coalesce(lower(trim(trajectories.answer)) = lower(trim(tasks.answer)), false) as is_truth
    from trajectories
    semi join candidates using (trajectory_id)
    left join tasks on tasks.task_id = trajectories.task_id
),

finals as (
    select trajectory_id, arg_max(guesses, index) as guesses
    from turn_facts
    semi join candidates using (trajectory_id)
    where readable is not null
    group by trajectory_id
),

judged as (
    select
        answers.trajectory_id,
        case
            when opening is null or is_truth then case when coalesce(guesses, false) then 'guess' else 'ok' end
            when regexp_matches(
                opening,
                '(?i)^(i''?m sorry|sorry,? (but )?i\b|i apologi[sz]e|as an ai\b|i (cannot|can''?t|can not|am unable to|am not able to) '
                || '(help|assist|fulfil|comply|provide|do that|browse|access))'
            ) then 'refusal'
            when regexp_matches(
                opening,
                '(?i)^((unfortunately,? )?(i|we) (do not|don''?t|could not|couldn''?t|was not able to|wasn''?t able to|was unable to|were unable to|cannot|can''?t) '
                || '(know|find|determine|locate|answer|identify|verify)|(the answer is |answer )?(not found|unknown|unanswerable|insufficient information|no answer( found)?)\W*$'
                || '|unable to (find|determine|locate|answer|identify))'
            ) then 'gave_up'
            when
                coalesce(guesses, false)
                or regexp_matches(opening, '(?i)\b((my|a) (best|educated|wild|rough) guess|i(''d| would|''ll)? (just )?guess\b|(just|only) a guess)')
            then 'guess'
            else 'ok'
        end as reason
    from answers
    left join finals using (trajectory_id)
)

select trajectory_id, reason = 'ok' as keep, reason, null as value
from judged
