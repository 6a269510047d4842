-- one row per turn; adds parsed_calls: each tool call with a hash of its name and arguments; calls_are_json: true if they parse
with checked as (
    select
        *,
        case when role = 'assistant' then tool_calls is null or json_valid(tool_calls) end as calls_are_json
    from turn_part
),

parsed as (
    select
        *,
        case when calls_are_json then from_json(tool_calls, '[{"id": "VARCHAR", "name": "VARCHAR", "arguments": "JSON"}]') end as parsed
    from checked
)

-- sort arguments by name: their order does not matter
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
    }) as parsed_calls
from parsed
