-- one row per night, domain and tool: calls by kind of observation, and their length
with answered as (
    select
        trajectories.run_id,
        trajectories.domain,
        turns.trajectory_id,
        turns.tool,
        turns.kind,
        turns.n_chars,
        turns.n_tokens,
        turns.seconds
    from turns
    join trajectories using (trajectory_id)
    where turns.role = 'tool' and turns.tool is not null
)

select
    run_id,
    try_cast(run_id[:10] as date) as date,
    domain,
    tool,
    count(*) as calls,
    count(distinct trajectory_id) as trajectories,
    count(*) filter (kind = 'ok') as ok,
    count(*) filter (kind = 'empty') as empty,
    count(*) filter (kind = 'truncated') as truncated,
    count(*) filter (kind = 'blocked') as blocked,
    count(*) filter (kind = 'fault') as fault,
    avg((kind = 'ok')::int) as share_ok,
    avg(n_chars) as mean_chars,
    avg(n_tokens) as mean_tokens,
    sum(seconds) as seconds
from answered
group by run_id, domain, tool
order by run_id, domain, tool
