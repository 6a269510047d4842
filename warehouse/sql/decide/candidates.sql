-- one row per candidate: a trajectory that was not aborted, with the instruction and true answer of its task
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
    trajectories.parent_id,
    task_words.instruction,
    task_words.answer as true_answer
from trajectories
left join task_words on task_words.task_id = trajectories.task_id
where trajectories.status <> 'aborted'
