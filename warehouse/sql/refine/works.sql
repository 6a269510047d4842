-- one row a distinct piece of work: the first trajectory that did it, and how coarsely its words are sampled
with firsts as (
    select work_key, min(trajectory_id) as trajectory_id
    from work_keys
    group by work_key
),

lengths as (
    select
        trajectory_id,
        sum(coalesce(length(content), 0) + coalesce(length(reasoning), 0) + coalesce(length(tool_calls), 0)) as chars
    from turns
    semi join firsts using (trajectory_id)
    where role = 'assistant'
    group by trajectory_id
)

select
    row_number() over (order by firsts.trajectory_id)::integer as work,
    firsts.work_key,
    firsts.trajectory_id,
    candidates.task_id,
    case
        when coalesce(lengths.chars, 0) < 4_000 then 1
        when lengths.chars < 16_000 then 4
        when lengths.chars < 64_000 then 16
        else 64
    end::ubigint as modulus
from firsts
join candidates using (trajectory_id)
left join lengths using (trajectory_id)
