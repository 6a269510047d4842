-- one row a tool call that the agent made, with the hash of it and of each argument its name, type and size
with placed as (
    select trajectory_id, index, parse, unnest(made) as call, generate_subscripts(made, 1) as place
    from turn_facts
    semi join candidates using (trajectory_id)
    where len(made) > 0
)

select
    trajectory_id,
    index,
    place,
    parse,
    call.call_id,
    call.tool,
    call.call_hash,
    call.arguments_type,
    call.arguments
from placed
