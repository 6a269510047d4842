-- one row per attempt: a task and the number of a planned sample of it, and every trajectory that one delegated; finished attempts stay when their task is lost
with planned as (
    select task_id, domain, run_id, composer, unnest(range(samples)) as sample
    from tasks
),

task_lost as (
    select distinct trajectory_id from unfinished_parts where reason = 'task_lost'
)

select
    sha256('["trajectory","' || task_id || '",' || sample || ']')[:32] as trajectory_id,
    planned.*
from planned
union all by name
select trajectory_id, task_id, trajectory_parts.domain, trajectory_parts.run_id, tasks.composer, sample, parent_id
from trajectory_parts
join tasks using (task_id)
where parent_id is not null
union all by name
select trajectory_id, task_id, domain, run_id, 'unknown' as composer, sample, parent_id
from trajectory_parts
semi join task_lost using (trajectory_id)
anti join task_parts using (task_id)
