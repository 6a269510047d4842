-- one row per turn that supports the agent's claims: cited addresses, quotations, markup and numbers that it read, and addresses that it
-- fetched
with read as (
    select part, trajectory_id, coalesce(sum(result_bytes), 0) as bytes_read
    from sketched_rows
    group by part, trajectory_id
),

claims as (
    select
        part,
        trajectory_id,
        list_distinct(flatten(list(list_filter(
            list_concat(cited_urls, quotations, plain_words, case when bytes_read < 6000 then list_concat(brief_words, flatten(said_names)) end, [tool_markup, template_token, fault_token, on_grading, case when strlen(on_grading) > length(on_grading) then nullif(regexp_extract(on_grading, '[\p{Latin}\p{Cyrillic}\p{Arabic}\p{M}]{6,}'), '') end, constant_result, quoted_error, weakened_test, regexp_replace(weakened_test, '\.\w{1,4}$', '')]), lambda claim: claim is not null
        )))) as claimed,
        list_distinct(list_concat(coalesce(flatten(list(quotations)), []), coalesce(flatten(flatten(list(said_names))), []))) as quoted,
        -- many results may give any number by arithmetic
        case when bytes_read >= 6000 then [] else list_distinct(list_concat(
            coalesce(flatten(list(numbers)), []), case when bytes_read < 100 then coalesce(flatten(list(small_numbers)), []) end
        )) end as numbers,
        -- their hours
        case when bytes_read < 1500 then list_distinct(list(ltrim(regexp_extract(time_of_day, '\d+'), '0')) filter (time_of_day is not null)) end as hours
    from sketched_rows
    join read using (part, trajectory_id)
    where len(cited_urls) > 0 or len(quotations) > 0 or len(numbers) > 0
        or bytes_read < 1500 and time_of_day is not null or tool_markup is not null or template_token is not null or fault_token is not null or on_grading is not null or constant_result is not null or quoted_error is not null or weakened_test is not null or len(plain_words) > 0
        or bytes_read < 6000 and (len(brief_words) > 0 or len(said_names) > 0) or bytes_read < 100 and len(small_numbers) > 0
    group by part, trajectory_id, bytes_read
    having len(claimed) > 0 or len(numbers) > 0 or len(hours) > 0
),

-- an address has several spellings: %E4%BA%AC is 京, and text that follows without a space may not belong to it
spellings as (
    select
        part,
        trajectory_id,
        numbers,
        hours,
        flatten(list_transform(claimed, lambda claim: list_transform(
            case
                -- of words on grading, the name of the thing: `the grader`, `according to the expected output`, `system_prompt`
                when strlen(claim) = length(claim) and length(claim) < 80 and regexp_matches(claim, $grading_nouns) then list_distinct([
                    claim, regexp_extract(claim, $grading_nouns), replace(regexp_extract(claim, $grading_nouns), ' ', '_'),
                    -- a report of tests: `Expected: 12`
                    case when regexp_matches(claim, 'expected (output|value|result|behavio|format|status|string|number)') then 'expected' end
                ])
                -- words on grading are inflected
                when not contains(claim, '://') and strlen(claim) > length(claim) and length(claim) < 40 then [claim, left(claim, greatest(6, length(claim) - 3))]
                when not contains(claim, '://') then [claim]
                -- identifiers at the end of addresses of articles and repositories
                when regexp_matches(claim, '^://(www\.)?(doi\.org/10|arxiv\.org/(abs|pdf)/\d|github\.com/[^/]+/[^/]+$|pypi\.org/project/|npmjs\.com/package/)')
                    then [claim, replace(claim, '://', ''), regexp_replace(claim, '^://(www\.)?(doi\.org|arxiv\.org/\w+|github\.com|pypi\.org/project|npmjs\.com/package)/', '')]
                when strlen(claim) = length(claim) and not contains(claim, '%') then [claim, replace(claim, '://', '')]
                else list_distinct([
                    claim,
                    -- a result may leave out the scheme
                    replace(claim, '://', ''),
                    coalesce(try(url_decode(claim)), claim),
                    array_to_string(list_transform(
                        string_split(claim, ''), lambda letter: case when letter > '~' then url_encode(letter) else letter end
                    ), ''),
                    coalesce(nullif(regexp_extract(claim, '^([!-~]*[0-9A-Za-z])[^!-~]', 1), ''), claim)
                ])
            end,
            lambda spelling: {
                claim: claim, spelling: spelling,
                folded: case when not contains(claim, '://') then lower(spelling) end,
                -- words in a row, whatever the line, the accents and the apostrophes
                words: case when list_contains(quoted, claim) then strip_accents(lower(replace(regexp_replace(spelling, '[*_`\s]+', ' ', 'g'), '’', ''''))) end
            }
        ))) as claimed
    from claims
),

texts_read as (
    select
        turn_part.part,
        turn_part.row,
        turn_part.role,
        case when turn_part.role = 'assistant' then turn_part.tool_calls else turn_part.content end as content,
        turn_part.observation,
        turn_part.url,
        spellings.claimed,
        case when turn_part.role <> 'assistant' and len(list_filter(claimed, lambda one: one.folded is not null)) > 0
            then lower(concat_ws(' ', turn_part.content, turn_part.observation)) || chr(10)
        end as folded,
        case when turn_part.role <> 'assistant' and len(list_filter(claimed, lambda one: one.words is not null)) > 0
            then strip_accents(lower(replace(regexp_replace(concat_ws(' ', turn_part.content, turn_part.observation), '[*_`\s]+', ' ', 'g'), '’', '''')))
        end as row_of_words,
        spellings.numbers,
        case when len(hours) > 0 then regexp_matches(
            concat_ws(' ', turn_part.content, turn_part.observation, turn_part.tool_calls),
            $any_time || '|(^|[^\d.,])0?(' || array_to_string(hours, '|') || ')($|[^\d])'
        ) end as tells_time,
        case when len(numbers) > 0 then concat_ws(' ', turn_part.content, turn_part.observation, turn_part.tool_calls) end as texts,
        case when len(numbers) > 0 then regexp_replace(
            -- the year of a row of a table is no number with a decimal comma
            regexp_replace(
                regexp_replace(
                    -- two columns of numbers are not one number, and neither are those of a table with commas under its names
                    regexp_replace(
                        case when regexp_matches(texts, $table_with_commas) then replace(texts, ',', ' | ') else texts end,
                        '(?m)^(\s*\d+)\s(\d+)\s*$', '\1 | \2', 'g'
                    ),
                    '((?:^|\s)\d{4}),(\d)', '\1 \2', 'g'
                ),
                '(\d)[., \x{a0}\x{202f}](\d{3})\b', '\1\2', 'g'
            ),
            '(\d),(\d)', '\1.\2', 'g'
        ) end as plain_figures,
        -- tenths of a price: `3割` and `8折`
        regexp_replace(plain_figures, '(\d)[割折]', '\10%', 'g') as figures,
        -- of a row of separated values, two numbers may look like one
        case when regexp_matches(plain_figures, '\p{L},\d') then regexp_extract_all(
            array_to_string(regexp_extract_all(concat_ws(' ', turn_part.content, turn_part.observation), '\d{1,3}(?:,\d{3})+'), ' '), '\d+'
        ) else [] end as separated,
        -- without names that hold digits, such as `gh-2`
        regexp_extract_all(regexp_replace(figures, '"id": "[^"]*"|[\p{Latin}_][\p{Latin}\d_]*[-_.]?\d[\w.-]*', ' ', 'g'), '\d+(?:\.\d+)?') as values_read,
        -- the mark of a square or a cube is no number
        regexp_matches(regexp_replace(figures, '[\d²³]+', ' ', 'g'), $numerals) as in_words
    from turn_part
    join spellings using (part, trajectory_id)
    where turn_part.role <> 'assistant' or turn_part.tool_calls is not null
),

found as (
    select
        part,
        row,
        list_sort(list_filter(list_concat(
            list_distinct(list_transform(
                list_filter(claimed, lambda one: case
                    when one.folded is not null
                        then role <> 'assistant' and (contains(folded, one.folded) or contains(url, one.spelling) or contains(row_of_words, one.words))
                    else contains(observation, one.spelling) or contains(content, one.spelling) or contains(url, one.spelling)
                end),
                lambda one: one.claim
            )),
            -- a number may give another by arithmetic, or in another unit
            case when figures is null then [] else list_concat(
                list_filter(numbers, lambda number: contains(figures, number)),
                [case when role = 'tool' and (len(values_read) > 0 or in_words) then 'numbers' end],
                case when role = 'user' then list_filter([
                    case when regexp_matches(lower(content), $threes) then 'n:-3' end, case when regexp_matches(lower(content), $fours) then 'n:-4' end,
                    case when regexp_matches(lower(content), $fives) then 'n:-5' end, case when regexp_matches(lower(content), $sixes) then 'n:-6' end,
                    case when regexp_matches(lower(content), $eights) then 'n:-8' end
                ], lambda value: value is not null) else [] end,
                -- more are kept in the order of the table that they may be
                case when len(values_read) > 60 or role = 'tool' and in_words then ['n:many'] when len(values_read) > 8 then ['v:' || array_to_string(list_concat(values_read, separated), ' ')] else list_transform(list_distinct(list_concat(values_read, separated)), lambda value: 'n:' || value) end
            ) end,
            [case when tells_time then 'times' end]
        ), lambda claim: claim is not null)) as supported_claims
    from texts_read
)

select part, row, supported_claims
from found
where len(supported_claims) > 0
