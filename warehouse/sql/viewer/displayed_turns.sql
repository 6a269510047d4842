-- one row per turn of an attempt, in order, copies included: its texts and counts, and its sampled ids with their log-probabilities
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
    list_where(token_ids, sampled) as sampled_ids,
    logprobs
from stream_turns
where trajectory_id = $trajectory_id
order by index
