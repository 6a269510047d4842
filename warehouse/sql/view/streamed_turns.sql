-- one row per turn of an attempt, in order, copies included: its texts, counts and log-probabilities, without its token ids
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
    seconds,
    logprobs
from stream_turns
where trajectory_id = $trajectory_id
order by index
