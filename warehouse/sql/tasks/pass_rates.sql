-- one row per composer, and per composer and knob: judged attempts of nights before $run_id, and the share that solved their task
with judged as (
    select
        task_quality.composer,
        json_extract_string(tasks.difficulty, '$.knob') as knob,
        task_quality.judged,
        task_quality.solved
    from task_quality
    join tasks using (task_id)
    where task_quality.run_id < $run_id and task_quality.judged > 0
)

select
    composer,
    coalesce(knob, '') as knob,
    sum(judged)::bigint as judged,
    sum(solved) / sum(judged) as solved
from judged
group by grouping sets ((composer), (composer, knob))
having knob is not null or grouping(knob) = 1
order by composer, knob
