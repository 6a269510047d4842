-- one row per turn with tool calls, if benchmarks are checked ($decontaminating): hashes of the words of its arguments
with calls as (
    select part, row, unnest(from_json(tool_calls, '[{"arguments": "JSON"}]')) as call
    from turn_part
    where $decontaminating and role = 'assistant' and json_valid(tool_calls)
),

-- arguments that are not a JSON object count as one text
texts as (
    select
        part,
        row,
        unnest(coalesce(
            nullif(json_extract_string(call.arguments, '$.*'), []), [json_extract_string(call.arguments, '$')]
        )) as text
    from calls
),

hashed as materialized (
    select part, row, word_hashes(text) as words
    from texts
    where text <> ''
)

select part, row, list(words order by words) as argument_words, $words_version as words_version
from hashed
group by part, row
