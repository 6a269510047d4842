-- one row an argument of a tool call: hashes of its folded words, where benchmarks are to be kept out ($decontaminating)
with made as (
    select
        trajectory_id,
        index,
        unnest(from_json(tool_calls, '[{"arguments": "JSON"}]')) as call
    from turn_part
    where $decontaminating and role = 'assistant' and json_valid(tool_calls)
),

texts as (
    select
        trajectory_id,
        index,
        -- arguments that are no object count as one text
        unnest(coalesce(
            nullif(json_extract_string(call.arguments, '$.*'), []), [json_extract_string(call.arguments, '$')]
        )) as text
    from made
)

select trajectory_id, index, words_of(text) as words, $words_version as words_version
from texts
where text <> ''
