-- one row per trajectory, target of `requests` and way it matches: named (the target starts its id or its task's), task (the
-- task was composed from the page), read (the agent opened the page), shown (an observation contains the URL)
with named as (
    select trajectory_id, target, 'named' as how
    from trajectories
    join requests on starts_with(trajectory_id, target) or starts_with(task_id, target)
    where length(target) >= 8
),

hops as (
    select task_id, unnest(list_distinct(list_transform(path, lambda hop: hop.url))) as url
    from tasks
),

made_from as (
    select trajectory_id, target, 'task' as how
    from hops
    join requests on requests.target = hops.url
    join trajectories using (task_id)
)

from named
union all
from made_from
union all
from exposure
