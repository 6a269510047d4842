-- one row per domain and tool: calls by kind of observation, their length, and the bytes cut
with answered as (
    select
        trajectories.domain,
        turns.trajectory_id,
        turns.tool,
        turns.kind,
        turns.n_chars,
        turns.n_tokens,
        turns.bytes_dropped,
        turns.seconds,
        turns.queued_seconds,
        turns.cpu_seconds
    from turns
    join trajectories using (trajectory_id)
    where turns.role = 'tool' and turns.tool is not null
),

summed as (
    select
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
        sum(bytes_dropped)::bigint as bytes_dropped,
        avg(seconds) as mean_seconds,
        sum(seconds) as seconds,
        sum(queued_seconds) as queued_seconds,
        max(queued_seconds) as max_queued_seconds,
        sum(cpu_seconds) as cpu_seconds
    from answered
    group by domain, tool
)

select *
from summed
order by domain, tool
