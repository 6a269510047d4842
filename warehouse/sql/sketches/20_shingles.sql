-- one row per turn; adds text_hash and calls_hash of the agent's or user's text and calls, and shingles: hashes of short
-- windows of the text. For later files it adds if a long text may recur, the pieces (words or letters) and their trigrams
with called as (
    select *, case when written is not null then tool_calls end as called
    from turn_part
),

hashed as (
    select
        *,
        case when written is not null then hash(written) end as text_hash,
        -- hash calls without ids and with arguments sorted by name; a call with a single argument needs no sorting
        case
            when written is null then null
            when called is null then 0
            when called like '[{"id": "%", "name": "%", "arguments": {%' and called not like '%, "%, "%, "%'
                then hash(substring(called, strpos(called, '", "name": "')))
            else hash(list_transform(
                coalesce(
                    try(from_json(called, '[{"name": "VARCHAR", "arguments": "VARCHAR"}]')),
                    [{'name': called, 'arguments': null}]
                ),
                lambda call: concat_ws(
                    ' ',
                    call.name,
                    coalesce(
                        list_sort(map_entries(try(from_json(call.arguments, '"MAP(VARCHAR, VARCHAR)"'))))::varchar,
                        call.arguments
                    )
                )
            ))
        end as calls_hash,
        -- the text of short turns includes tool names and argument values, but not keys, which all calls of one tool share
        case
            when strlen(written) > 700 or called is null then written
            else concat_ws(' ', written, coalesce(
                array_to_string(list_transform(
                    try(from_json(called, '[{"name": "VARCHAR", "arguments": "JSON"}]')),
                    lambda call: concat_ws(' ', call.name, array_to_string(json_extract_string(call.arguments, '$.*'), ' '))
                ), ' '),
                called
            ))
        end as text
    from called
),

-- long texts: the text after each letter b, about one position in a hundred
anchored as (
    select *, anchored.n_anchors as n_anchors, anchored.kept as kept_anchors, anchored.recurs as text_recurs
    from (
        select
            *,
            case
                when strlen(text) > 600 then anchor_shingles(text)
                when text is not null then {'n_anchors': 0, 'kept': [], 'recurs': false}
            end as anchored
        from hashed
    )
),

-- short texts, and languages without that letter: three consecutive words; letters where there are no spaces
split as (
    select
        *,
        case
            when text is null then null
            when strlen(text) > 700 and n_anchors > 4 then []
            when strlen(text) > 24 * len(string_split(text, ' ')) then string_split(text, '')
            else string_split(text, ' ')
        end as pieces
    from anchored
),

trigrams as (
    select
        *,
        case
            when pieces is null then null
            when len(pieces) = 0 then []
            else list_distinct(
                list_transform(
                    range(1, greatest(len(pieces) - 1, 2)),
                    lambda n: hash(pieces[n], pieces[n + 1], pieces[n + 2])
                )
            )
        end as trigrams
    from split
),

-- keep about 16 shingles per turn, enough to compare two turns: those with the smallest hashes
limited as (
    select
        *,
        18_446_744_073_709_551_615::ubigint // greatest(len(trigrams), 16)::ubigint * 16 as max_trigram
    from trigrams
),

-- store the low 32 bits of each hash: the selection used the high bits
limited_shingles as (
    select
        *,
        case
            when len(trigrams) > 0 then list_concat(
                kept_anchors,
                list_transform(
                    list_filter(trigrams, lambda each: each <= max_trigram),
                    lambda each: (each & 4_294_967_295)::uinteger
                )
            )
            else kept_anchors
        end as shingles
    from limited
)

-- two shingles per turn for the inverted index
select
    * exclude (called, text, anchored, n_anchors, kept_anchors, max_trigram),
    list_min(shingles) as min_shingle,
    list_max(shingles) as max_shingle
from limited_shingles
