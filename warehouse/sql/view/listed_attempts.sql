-- one row per finished attempt that the filters leave, sorted and cut to one page, with the number of all of them
with listed as (
    select
        trajectories.trajectory_id,
        trajectories.task_id,
        trajectories.sample,
        trajectories.domain,
        trajectories.run_id,
        trajectories.status,
        trajectories.n_turns,
        trajectories.n_tool_calls,
        trajectories.n_tokens,
        trajectories.started_at,
        left(coalesce(tasks.instruction, ''), 400) as question,
        left(coalesce(trajectories.answer, ''), 400) as answer,
        fates.fate,
        fates.reason
    from trajectories
    left join tasks using (task_id)
    left join fates using (trajectory_id)
    where (not $limited or trajectories.trajectory_id in (select trajectory_id from selection))
        and (not $searched or trajectories.trajectory_id in (select unnest($found::varchar[])))
        and ($domain = '' or trajectories.domain = $domain)
        and ($night = '' or trajectories.run_id = $night)
        and ($status = '' or trajectories.status = $status)
        and ($fate = '' or fates.fate = $fate)
        and ($reason = '' or fates.reason = $reason)
)

select *, count(*) over () as total
from listed
order by
    $direction * case $sort
        when 'tokens' then n_tokens
        when 'turns' then n_turns
        when 'calls' then n_tool_calls
        when 'started' then epoch(started_at)
    end,
    trajectory_id
limit $size offset $first
