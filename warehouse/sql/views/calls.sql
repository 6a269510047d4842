-- one row per tool call, as the agent wrote it, in the order of its calls
with parsed as (
    select
        trajectory_id,
        index,
        parse,
        from_json(tool_calls, '[{"id": "VARCHAR", "name": "VARCHAR", "arguments": "JSON"}]') as made
    from turns
    where role = 'assistant' and json_valid(tool_calls)
),

placed as (
    select trajectory_id, index, parse, unnest(made) as call, generate_subscripts(made, 1) as place
    from parsed
)

select
    trajectory_id,
    index,
    place,
    call.id as call_id,
    call.name as tool,
    call.arguments as arguments,
    parse
from placed
