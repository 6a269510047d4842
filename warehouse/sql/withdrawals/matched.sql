-- one row per trajectory, target of `requests` and way it matches: named (the target starts its id or its task's), task (the
-- task was composed from the page, by any of its `addresses`), read (the agent opened the page), shown (an observation
-- contains the URL)
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
    join addresses using (url)
    join trajectories using (task_id)
),

direct as (
    from named
    union all
    from made_from
    union all
    from exposure
),

-- a parent holds the answers of its children, and a child the words of its parent: they are withdrawn together
rooted as (
    select coalesce(children.root_id, direct.trajectory_id) as root_id, target, how
    from direct
    left join children using (trajectory_id)
)

from direct
union
select root_id, target, how
from rooted
semi join children on children.root_id = rooted.root_id
union
select children.trajectory_id, target, how
from rooted
join children using (root_id)
