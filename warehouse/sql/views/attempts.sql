-- one row per planned attempt: a task and the number of a sample of it
with planned as (
    select task_id, domain, run_id, composer, unnest(range(samples)) as sample
    from tasks
)
select
    sha256('["trajectory","' || task_id || '",' || sample || ']')[:32] as trajectory_id,
    planned.*
from planned
