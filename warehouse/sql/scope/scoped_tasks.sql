-- one row per task of the domain in `scope` that its nights composed or attempted
with attempted as (
    select distinct task_id from trajectories
)

select unscoped_tasks.*
from unscoped_tasks
cross join scope
left join attempted using (task_id)
where (attempted.task_id is not null or run_id between scope.since and scope.until)
    and (scope.domain is null or unscoped_tasks.domain = scope.domain)
