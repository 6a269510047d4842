-- one row per trajectory: refuses attempts that repeat the same call, or the same cycle of two or three calls, $loop_repeats times in a row
-- without it: a student learns to repeat itself until its turns run out
with numbered as (
    select
        trajectory_id,
        row_number() over (partition by trajectory_id order by index, place) as n,
        call_hash as call
    from made_calls
),

periods as (
    select unnest([1, 2, 3]) as period
),

repeated as (
    select
        later.trajectory_id,
        periods.period,
        later.n,
        row_number() over (partition by later.trajectory_id, periods.period order by later.n) as nth
    from numbered as later
    cross join periods
    join numbered as earlier
        on earlier.trajectory_id = later.trajectory_id
        and earlier.n = later.n - periods.period
        and earlier.call = later.call
),

runs as (
    select trajectory_id, count(*) // period + 1 as repeats
    from repeated
    group by trajectory_id, period, n - nth
),

longest as (
    select trajectory_id, max(repeats) as repeats
    from runs
    group by trajectory_id
)

select
    candidates.trajectory_id,
    coalesce(longest.repeats, 1) < $loop_repeats as keep,
    case when coalesce(longest.repeats, 1) < $loop_repeats then 'ok' else 'same_calls' end as reason,
    coalesce(longest.repeats, 1) as value
from candidates
left join longest using (trajectory_id)
