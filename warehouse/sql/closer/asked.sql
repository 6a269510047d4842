-- one row a turn with tool calls, where benchmarks are to be kept out ($decontaminating): hashes of its arguments' folded words
with made as (
    select part, row, unnest(from_json(tool_calls, '[{"arguments": "JSON"}]')) as call
    from turn_part
    where $decontaminating and role = 'assistant' and json_valid(tool_calls)
),

-- arguments that are no object count as one text
texts as (
    select
        part,
        row,
        unnest(coalesce(
            nullif(json_extract_string(call.arguments, '$.*'), []), [json_extract_string(call.arguments, '$')]
        )) as text
    from made
),

hashed as materialized (
    select part, row, words_of(text) as words
    from texts
    where text <> ''
)

select part, row, list(words order by words) as asked, $words_version as words_version
from hashed
group by part, row
