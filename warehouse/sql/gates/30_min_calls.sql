-- one row a trajectory: did it take at least the turns and tool calls that its domain asks for
-- without it: answers from memory stand beside answers that were looked up, and the horizon shrinks
with asked as (
    select
        candidates.trajectory_id,
        candidates.n_tool_calls,
        trajectories.n_turns,
        coalesce(map_extract_value($min_calls_of::json::map(varchar, bigint), trajectories.domain), $min_calls) as calls,
        coalesce(map_extract_value($min_turns_of::json::map(varchar, bigint), trajectories.domain), $min_turns) as turns
    from candidates
    join trajectories using (trajectory_id)
)

select
    trajectory_id,
    n_tool_calls >= calls and n_turns >= turns as keep,
    case when n_tool_calls < calls then 'few_calls' when n_turns < turns then 'few_turns' else 'ok' end as reason,
    n_tool_calls as value
from asked
