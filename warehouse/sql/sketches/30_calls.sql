-- one row a turn; adds made: each tool call of the agent, with a hash of its name and arguments; and readable: whether the calls are JSON
with checked as (
    select
        *,
        case when role = 'assistant' then tool_calls is null or json_valid(tool_calls) end as readable
    from turn_part
),

parsed as (
    select
        *,
        case when readable then from_json(tool_calls, '[{"id": "VARCHAR", "name": "VARCHAR", "arguments": "JSON"}]') end as parsed
    from checked
)

-- the order in which arguments are named makes no other call
select
    * exclude (parsed),
    list_transform(parsed, lambda call: {
        call_id: call.id,
        tool: call.name,
        call_hash: hash(
            call.name,
            case json_type(call.arguments)
                when 'OBJECT' then list_sort(map_entries(try(from_json(call.arguments, '"MAP(VARCHAR, JSON)"'))))::varchar
                else call.arguments::varchar
            end
        )
    }) as made
from parsed
