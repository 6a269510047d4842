-- one row per license of the released tasks' sources: the number of its tasks and of their released trajectories
with licensed as (
    select tasks.task_id, unnest(licenses) as license
    from tasks
)

select license, count(distinct task_id) as tasks, count(*) as trajectories
from licensed
join trajectories using (task_id)
semi join chosen using (trajectory_id)
group by license
order by license
