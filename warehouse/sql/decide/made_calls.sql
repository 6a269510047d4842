-- one row per tool call of a candidate, with a hash of its name and arguments
with numbered as (
    select trajectory_id, index, parse, unnest(parsed_calls) as call, generate_subscripts(parsed_calls, 1) as place
    from turn_facts
    semi join candidates using (trajectory_id)
    where len(parsed_calls) > 0
)

select
    trajectory_id,
    index,
    place,
    parse,
    call.call_id,
    call.tool,
    call.call_hash
from numbered
