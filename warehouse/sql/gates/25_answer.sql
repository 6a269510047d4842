-- one row per trajectory: refuses answers that are blank or cut off
-- without it: answers cut by the token limit, and empty forms, count as examples of an answer
with finals as (
    select trajectory_id, arg_max(finish_reason, index) as finish_reason
    from turn_facts
    semi join candidates using (trajectory_id)
    where role = 'assistant'
    group by trajectory_id
),

trimmed as (
    select
        candidates.trajectory_id,
        trim(candidates.answer, e' \n\r\t') as answer,
        finals.finish_reason,
        trim(candidates.answer) = trim(candidates.true_answer) as is_truth
    from candidates
    left join finals using (trajectory_id)
),

judged as (
    select
        trajectory_id,
        length(answer) as chars,
        case
            when finish_reason = 'length' then 'cut_by_limit'
            when is_truth or answer is null then 'ok'
            when answer = '' or not regexp_matches(answer, '[\p{L}\p{N}]') then 'blank'
            when regexp_matches(answer, '(?i)^(the )?(final )?answer( is)?[^\p{L}\p{N}]*$') then 'blank'
            -- an odd number of fences: the last code block is not closed
            when (length(answer) - length(replace(answer, '```', ''))) % 2 = 1 then 'cut_in_code'
            when regexp_matches(answer, '(?:^|\n)<think>') and not contains(answer, '</think>') then 'cut_in_thought'
            else 'ok'
        end as reason
    from trimmed
)

select trajectory_id, reason = 'ok' as keep, reason, chars as value
from judged
