-- one row a turn; adds hashes of what the agent or the user wrote (words), of the calls, and of short windows of the text
-- and, for the files after it, the text's places (following), or its words (pieces) and three of them on end (threes)
with called as (
    select *, case when said is not null then tool_calls end as called
    from turn_part
),

hashed as (
    select
        *,
        case when said is not null then hash(said) end as words,
        -- calls are hashed without their ids, their arguments in the order of names; one of a single argument is so as it stands
        case
            when said is null then null
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
        end as calls,
        -- what short turns say is what they call, too: names and values, since all calls of one tool share the rest
        case
            when strlen(said) > 700 or called is null then said
            else concat_ws(' ', said, coalesce(
                array_to_string(list_transform(
                    try(from_json(called, '[{"name": "VARCHAR", "arguments": "JSON"}]')),
                    lambda call: concat_ws(' ', call.name, array_to_string(json_extract_string(call.arguments, '$.*'), ' '))
                ), ' '),
                called
            ))
        end as text
    from called
),

-- in long texts, what follows each letter b: split at the speed of a search, one place in a hundred
anchored as (
    select
        *,
        case
            when strlen(text) > 600 then list_transform(string_split(text, 'b'), lambda piece: hash(left(piece, 14)))
            when text is not null then []
        end as following
    from hashed
),

-- in short ones, and in languages without that letter, three words on end; letters where there are no spaces
worded as (
    select
        *,
        case
            when text is null then null
            when strlen(text) > 700 and len(following) > 4 then []
            when strlen(text) > 24 * len(string_split(text, ' ')) then string_split(text, '')
            else string_split(text, ' ')
        end as pieces
    from anchored
),

threes as (
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
        end as threes
    from worded
),

-- some 16 are enough to compare two turns: those with the smallest hashes
limited as (
    select
        *,
        18_446_744_073_709_551_615::ubigint // greatest(len(following), 16)::ubigint * 16 as highest_following,
        18_446_744_073_709_551_615::ubigint // greatest(len(threes), 16)::ubigint * 16 as highest_three
    from threes
),

-- of a hash the last 32 bits are kept: which are kept hangs on the first
windowed as (
    select
        *,
        list_transform(
            case
                when len(threes) > 0 then list_concat(
                    list_filter(following, lambda each: each <= highest_following),
                    list_filter(threes, lambda each: each <= highest_three)
                )
                when len(following) > 16 then list_filter(following, lambda each: each <= highest_following)
                else following
            end,
            lambda each: (each & 4_294_967_295)::uinteger
        ) as windows
    from limited
)

-- two of them to find turns by
select
    * exclude (called, text, highest_following, highest_three),
    list_min(windows) as lowest,
    list_max(windows) as highest
from windowed
