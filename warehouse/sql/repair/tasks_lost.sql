-- one row per trajectory whose task was lost
select
    trajectories.trajectory_id,
    trajectories.task_id,
    trajectories.sample,
    trajectories.domain,
    $reason as reason,
    'its task was in a damaged part, which a repair set aside' as detail,
    trajectories.n_turns,
    trajectories.n_tokens,
    trajectories.n_sampled_tokens,
    $now as stopped_at,
    $run_id as run_id
from trajectories
anti join tasks on tasks.task_id = trajectories.task_id
anti join unfinished_parts
    on unfinished_parts.trajectory_id = trajectories.trajectory_id and unfinished_parts.reason = $reason
order by trajectories.trajectory_id
