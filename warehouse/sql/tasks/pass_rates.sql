-- one row per composer, and per composer and knob: judged attempts of nights before $run_id, the share that solved their task, and the mean length of attempts
with lengths as (
    select
        task_id,
        count(*) as attempts,
        sum(n_tool_calls) as calls,
        sum(n_tokens) as tokens
    from trajectories
    where parent_id is null and status <> 'aborted'
    group by task_id
),

judged as (
    select
        task_quality.composer,
        json_extract_string(tasks.difficulty, '$.knob') as knob,
        task_quality.judged,
        task_quality.solved,
        lengths.attempts,
        lengths.calls,
        lengths.tokens
    from task_quality
    join tasks using (task_id)
    join lengths using (task_id)
    where task_quality.run_id < $run_id and task_quality.judged > 0
)

select
    composer,
    coalesce(knob, '') as knob,
    sum(judged)::bigint as judged,
    sum(solved) / sum(judged) as solved,
    sum(calls) / sum(attempts) as calls,
    sum(tokens) / sum(attempts) as tokens
from judged
group by grouping sets ((composer), (composer, knob))
having knob is not null or grouping(knob) = 1
order by composer, knob
