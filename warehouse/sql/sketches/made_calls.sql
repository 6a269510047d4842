-- one row a tool call that the agent made: a hash of it, and of each argument its name, type and size
with parsed as (
    select
        trajectory_id,
        index,
        parse,
        from_json(tool_calls, '[{"id": "VARCHAR", "name": "VARCHAR", "arguments": "JSON"}]') as made
    from turn_part
    where role = 'assistant' and json_valid(tool_calls)
),

placed as (
    select trajectory_id, index, parse, unnest(made) as call, generate_subscripts(made, 1) as place
    from parsed
),

named as (
    select
        *,
        list_transform(
            json_keys(call.arguments),
            lambda key: {name: key, path: '/' || replace(replace(key, '~', '~0'), '/', '~1')}
        ) as keys
    from placed
)

select
    trajectory_id,
    index,
    place,
    parse,
    call.id as call_id,
    call.name as tool,
    hash(call.name, call.arguments::varchar) as call_hash,
    json_type(call.arguments) as arguments_type,
    list_transform(keys, lambda key: {
        name: key.name,
        type: json_type(call.arguments, key.path),
        size: case json_type(call.arguments, key.path)
            when 'VARCHAR' then length(json_extract_string(call.arguments, key.path))
            when 'ARRAY' then json_array_length(call.arguments, key.path)
            when 'OBJECT' then null
            else try_cast(json_extract_string(call.arguments, key.path) as double)
        end,
        value_hash: hash(json_extract(call.arguments, key.path)::varchar)
    }) as arguments
from named
