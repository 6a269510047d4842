-- one row a trajectory: did it call tools at least $min_calls times
select
    trajectory_id,
    n_tool_calls >= $min_calls as keep,
    case when n_tool_calls >= $min_calls then 'ok' else 'few_calls' end as reason,
    n_tool_calls as value
from candidates
