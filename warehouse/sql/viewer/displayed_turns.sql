-- one row per turn of the trajectory, in order, copies included, without its token columns
select
    index,
    segment,
    copy_of,
    tool_call_id,
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
from stream_turns
where trajectory_id = $trajectory_id
order by index
