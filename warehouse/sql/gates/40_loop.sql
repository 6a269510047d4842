-- one row per trajectory: refuses attempts that repeat the same call with the same result, or the same cycle of two or three calls,
-- $loop_repeats times in a row; waiting for a result that changed in the end is no loop
-- without it: a student learns to repeat itself until its turns run out
with results as (
    select trajectory_id, index, tool_call_id, result_hash
    from turn_facts
    semi join candidates using (trajectory_id)
    where role = 'tool'
),

-- the result of a call: the next with its id
numbered as (
    select
        made_calls.trajectory_id,
        made_calls.call_hash as call,
        min_by(results.result_hash, results.index) as result,
        row_number() over (partition by made_calls.trajectory_id order by made_calls.index, made_calls.place) as n
    from made_calls
    left join results
        on results.trajectory_id = made_calls.trajectory_id
        and results.tool_call_id = made_calls.call_id
        and results.index > made_calls.index
    group by made_calls.trajectory_id, made_calls.index, made_calls.place, made_calls.call_hash
),

periods as (
    select unnest([1, 2, 3]) as period
),

repeated as (
    select
        later.trajectory_id,
        periods.period,
        later.n,
        later.result is not distinct from earlier.result as same_result,
        row_number() over (partition by later.trajectory_id, periods.period order by later.n) as nth
    from numbered as later
    cross join periods
    join numbered as earlier
        on earlier.trajectory_id = later.trajectory_id
        and earlier.n = later.n - periods.period
        and earlier.call = later.call
),

-- the calls of a run are the same; its last result differs from the one before if something was waited for
runs as (
    select
        trajectory_id,
        case when arg_max(same_result, n) then count(*) filter (same_result) // period + 1 else 1 end as repeats
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
