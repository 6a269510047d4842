-- one row per turn of the trajectory, in order, without its token columns
select
    index,
    role,
    content,
    reasoning,
    tool_calls,
    parse,
    tool,
    observation,
    kind,
    url,
    bytes_dropped,
    n_tokens,
    cached_tokens,
    finish_reason,
    seconds
from turns
where trajectory_id = $trajectory_id
order by index
