-- one row per night and domain ('all' too): seconds of tool calls, of waiting, of sandboxed CPU and of examinations
with answered as (
    select
        trajectories.run_id,
        trajectories.domain,
        turns.trajectory_id,
        turns.seconds,
        turns.queued_seconds,
        turns.cpu_seconds
    from turns
    join trajectories using (trajectory_id)
    where turns.role = 'tool' and turns.tool is not null
),

examined as (
    select
        trajectories.run_id,
        trajectories.domain,
        outcomes.examination_seconds
    from outcomes
    join trajectories using (trajectory_id)
),

examinations as (
    select
        coalesce(run_id, 'all') as run_id,
        coalesce(domain, 'all') as domain,
        sum(examination_seconds) as examination_seconds
    from examined
    group by grouping sets ((run_id, domain), (run_id), (domain), ())
),

totalled as (
    select
        coalesce(run_id, 'all') as run_id,
        coalesce(domain, 'all') as domain,
        count(*) as calls,
        count(distinct trajectory_id) as trajectories,
        sum(seconds) as seconds,
        sum(queued_seconds) as queued_seconds,
        sum(cpu_seconds) as cpu_seconds
    from answered
    group by grouping sets ((run_id, domain), (run_id), (domain), ())
    having count(*) > 0
)

select
    run_id,
    try_cast(run_id[:10] as date) as date,
    domain,
    calls,
    trajectories,
    seconds,
    queued_seconds,
    cpu_seconds,
    seconds / trajectories as seconds_per_trajectory,
    queued_seconds / trajectories as queued_seconds_per_trajectory,
    cpu_seconds / trajectories as cpu_seconds_per_trajectory,
    examination_seconds
from totalled
left join examinations using (run_id, domain)
order by run_id = 'all' desc, run_id, domain = 'all' desc, domain
