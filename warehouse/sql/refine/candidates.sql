-- one row a trajectory to decide on, every one that was not aborted, with the words of its task and its answer
select
    trajectories.trajectory_id,
    trajectories.task_id,
    trajectories.domain,
    trajectories.status,
    trajectories.answer,
    coalesce(regexp_matches(trajectories.answer, '\S'), false) as answered,
    trajectories.n_turns,
    trajectories.n_tool_calls,
    trajectories.n_tokens,
    tasks.instruction,
    tasks.answer as true_answer
from trajectories
left join tasks on tasks.task_id = trajectories.task_id
where trajectories.status <> 'aborted'
