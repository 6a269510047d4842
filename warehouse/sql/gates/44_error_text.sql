-- one row a trajectory: is its answer an error's text, or the noise of a model whose numbers overflowed
-- without it: a broken client's or server's words are learned as answers. Only what the agent wrote counts, from its start:
-- a page about tracebacks may be quoted, and an answer that is the truth (None, nan) is right
with answers as (
    select
        trajectories.trajectory_id,
        trim(trajectories.answer) as answer,
        coalesce(lower(trim(trajectories.answer)) = lower(trim(tasks.answer)), false) as is_truth
    from trajectories
    semi join candidates using (trajectory_id)
    left join tasks on tasks.task_id = trajectories.task_id
),

garbled as (
    select trajectory_id, min(index) as index
    from turn_facts
    where garbled
    group by trajectory_id
),

judged as (
    select
        answers.trajectory_id,
        garbled.index,
        case
            when garbled.index is not null then 'garbled'
            when is_truth or answer is null then 'ok'
            when regexp_matches(answer, '(?i)^(nan|undefined|\[object object\]|inf(inity)?)\W*$') then 'no_value'
            when
                starts_with(answer, 'Traceback (most recent call last)')
                or regexp_matches(
                    answer,
                    '(?i)^(error( code)?: ?\d{3}\b|(http )?(error )?(429|50[0-4])\b.{0,40}(error|gateway|unavailable|too many)'
                    || '|internal server error|bad gateway|service unavailable|gateway timeout|too many requests|rate limit (exceeded|reached)'
                    || '|connection (error|refused|reset|timed out)|(read )?timeout(error)?\W*$|cuda (error|out of memory)'
                    || '|(api|openai|server|validation|json(decode)?)[ _]?error\b)'
                )
            then 'error_text'
            else 'ok'
        end as reason
    from answers
    left join garbled using (trajectory_id)
)

select trajectory_id, reason = 'ok' as keep, reason, index as value
from judged
