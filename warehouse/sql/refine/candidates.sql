-- one row a trajectory to decide on: every one that was not aborted
select
    trajectory_id,
    task_id,
    status,
    coalesce(regexp_matches(answer, '\S'), false) as answered,
    n_tool_calls,
    n_tokens
from trajectories
where status <> 'aborted'
