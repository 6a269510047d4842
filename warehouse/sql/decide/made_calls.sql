-- one row a tool call that the agent made, with a hash of its name and arguments
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
    call.call_hash
from placed
