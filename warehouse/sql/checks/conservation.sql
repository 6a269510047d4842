-- one row per domain where planned and delegated attempts differ from published + rejected + unfinished, each counted separately
with planned as (
    select domain, sum(samples)::bigint as attempts
    from tasks
    group by domain
    union all
    select domain, count(*) as attempts
    from attempts
    anti join tasks using (task_id)
    group by domain
    union all
    select trajectories.domain, count(*) as attempts
    from trajectories
    semi join tasks using (task_id)
    where parent_id is not null
    group by trajectories.domain
),

released as (
    select coalesce(tasks.domain, trajectories.domain) as domain, count(*) as attempts
    from published
    join decisions using (trajectory_id)
    left join tasks on tasks.task_id = published.task_id
    left join trajectories on trajectories.trajectory_id = published.trajectory_id
    where decisions.kept
    group by all
),

refused as (
    select trajectories.domain, count(*) as attempts
    from decisions
    left join trajectories using (trajectory_id)
    where not decisions.kept
    group by trajectories.domain
),

open as (
    select domain, count(*) as attempts
    from fates
    where fate = 'unfinished'
    group by domain
),

counted as (
    select domain, attempts as planned, 0 as published, 0 as rejected, 0 as unfinished from planned
    union all
    select domain, 0, attempts, 0, 0 from released
    union all
    select domain, 0, 0, attempts, 0 from refused
    union all
    select domain, 0, 0, 0, attempts from open
),

summed as (
    select
        domain,
        sum(planned)::bigint as planned,
        sum(published)::bigint as published,
        sum(rejected)::bigint as rejected,
        sum(unfinished)::bigint as unfinished
    from counted
    group by domain
)

select *
from summed
where planned <> published + rejected + unfinished
