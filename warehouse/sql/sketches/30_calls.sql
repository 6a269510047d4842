-- one row a turn; adds made: each tool call of the agent, with a hash, and of each argument its name, type and size
-- and readable: whether the calls are JSON
with checked as (
    select
        *,
        case when role = 'assistant' then tool_calls is null or json_valid(tool_calls) end as readable
    from turn_part
),

parsed as (
    select
        *,
        case when readable then
            from_json(tool_calls, '[{"id": "VARCHAR", "name": "VARCHAR", "arguments": "JSON"}]')
        end as parsed
    from checked
),

detailed as (
    select
        * exclude (parsed),
        list_transform(parsed, lambda call: {
            call_id: call.id,
            tool: call.name,
            text: call.arguments::varchar,
            arguments_type: json_type(call.arguments),
            arguments: list_transform(
                list_transform(
                    json_keys(call.arguments),
                    lambda key: {name: key, value: json_extract(call.arguments, '/' || replace(replace(key, '~', '~0'), '/', '~1'))}
                ),
                lambda argument: {
                    name: argument.name,
                    type: json_type(argument.value),
                    size: case json_type(argument.value)
                        when 'VARCHAR' then length(json_extract_string(argument.value, '$'))
                        when 'ARRAY' then json_array_length(argument.value)
                        when 'OBJECT' then null
                        else try_cast(json_extract_string(argument.value, '$') as double)
                    end,
                    value_hash: hash(argument.value::varchar)
                }
            )
        }) as detailed
    from parsed
)

-- the order in which arguments are named makes no other call
select
    * exclude (detailed),
    list_transform(detailed, lambda call: {
        call_id: call.call_id,
        tool: call.tool,
        call_hash: case
            when call.arguments_type = 'OBJECT'
                then hash(call.tool, list_sort(list_transform(call.arguments, lambda one: hash(one.name, one.value_hash))))
            else hash(call.tool, call.text)
        end,
        arguments_type: call.arguments_type,
        arguments: call.arguments
    }) as made
from detailed
