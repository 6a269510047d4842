-- one row per attempt whose trajectory was lost: it was decided on or published, or was in a part that was set aside
with named as (
    select trajectory_id, n_turns, n_tokens, n_sampled_tokens from read_lost semi join attempts using (trajectory_id)
    union all by name
    select trajectory_id from decision_parts
    union all by name
    select trajectory_id, task_id from published_parts
)

select
    named.trajectory_id,
    coalesce(any_value(attempts.task_id), any_value(named.task_id), '') as task_id,
    coalesce(any_value(attempts.sample), 0) as sample,
    coalesce(any_value(attempts.domain), '') as domain,
    $reason as reason,
    'its rows were in a damaged part, which a repair set aside' as detail,
    coalesce(max(named.n_turns), 0) as n_turns,
    coalesce(max(named.n_tokens), 0) as n_tokens,
    coalesce(max(named.n_sampled_tokens), 0) as n_sampled_tokens,
    $now as stopped_at,
    $run_id as run_id
from named
left join attempts using (trajectory_id)
anti join trajectories on trajectories.trajectory_id = named.trajectory_id
anti join unfinished_parts on unfinished_parts.trajectory_id = named.trajectory_id and unfinished_parts.reason = $reason
where named.trajectory_id is not null
group by named.trajectory_id
order by named.trajectory_id
