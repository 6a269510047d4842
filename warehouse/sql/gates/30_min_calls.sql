-- one row per trajectory: refuses attempts with fewer turns or tool calls than the minimum of their domain
-- without it: answers from memory count like answers that were looked up, and the horizon shrinks
with required as (
    select
        trajectory_id,
        n_tool_calls,
        n_turns,
        coalesce(map_extract_value($min_calls_by_domain::json::map(varchar, bigint), domain), $min_calls) as calls,
        coalesce(map_extract_value($min_turns_by_domain::json::map(varchar, bigint), domain), $min_turns) as turns
    from candidates
)

select
    trajectory_id,
    n_tool_calls >= calls and n_turns >= turns as keep,
    case when n_tool_calls < calls then 'few_calls' when n_turns < turns then 'few_turns' else 'ok' end as reason,
    n_tool_calls as value
from required
