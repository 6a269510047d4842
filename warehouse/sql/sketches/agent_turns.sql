-- one row a turn of the agent or the user: hashes of its words and calls, and of short windows of its text
with heard as (
    select
        trajectory_id,
        index,
        role = 'assistant' as by_agent,
        reasoning,
        content,
        tool_calls,
        case when json_valid(tool_calls) then from_json(tool_calls, '[{"name": "VARCHAR", "arguments": "VARCHAR"}]') end as made
    from turn_part
    where role in ('assistant', 'user')
),

-- calls without their ids, the keys of their arguments in order
called as (
    select
        * exclude (made, tool_calls),
        coalesce(
            list_transform(
                made,
                lambda call: concat_ws(
                    ' ',
                    call.name,
                    case
                        when contains(call.arguments, ',"') and json_valid(call.arguments)
                            then list_sort(map_entries(from_json(call.arguments, '"MAP(VARCHAR, VARCHAR)"')))::varchar
                        else call.arguments
                    end
                )
            ),
            [tool_calls]
        ) as calls
    from heard
),

said as (
    select
        trajectory_id,
        index,
        by_agent,
        hash(calls) as calls,
        concat_ws(' ', reasoning, content, array_to_string(calls, ' ')) as text
    from called
),

-- long texts: what follows each word that begins so (an anchor), which splits at the speed of a search
anchored as (
    select
        *,
        case when strlen(text) > 400 then string_split(text, ' t')[2:] else [] end as pieces
    from said
),

-- short texts, and those of languages without such words: three words on end, or letters where there are no spaces
worded as (
    select
        * exclude (pieces),
        list_transform(pieces, lambda piece: hash(left(piece, 14))) as anchors,
        case
            when strlen(text) > 500 and len(pieces) > 3 then []
            when strlen(text) > 24 * len(string_split(text, ' ')) then string_split(text, '')
            else string_split(text, ' ')
        end as words
    from anchored
),

windows as (
    select
        * exclude (words),
        list_distinct(
            list_transform(
                range(1, greatest(len(words) - 1, least(len(words) + 1, 2))),
                lambda n: hash(words[n], words[n + 1], words[n + 2], 'words')
            )
        ) as triples
    from worded
)

-- about 24 of each are enough to compare two turns: those with the smallest hashes
select
    trajectory_id,
    index,
    by_agent,
    hash(text) as words,
    calls,
    case
        when len(anchors) <= 24 then anchors
        else list_filter(anchors, lambda each: each <= 18446744073709551615::ubigint // len(anchors)::ubigint * 24)
    end as anchors,
    case
        when len(triples) <= 24 then triples
        else list_filter(triples, lambda each: each <= 18446744073709551615::ubigint // len(triples)::ubigint * 24)
    end as triples
from windows
