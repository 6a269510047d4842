-- one row per last words of an agent, and per short message of a user: deeds that the last words claim or the message orders, and
-- quotations, numbers, template tokens and words of doubtful answers that a result must support
with spoken as materialized (
    select
        part,
        row,
        role,
        content,
        case when role = 'assistant' then replace(nfc_normalize(content), '’', '''') end as said
    from turn_part
    where case role
        when 'assistant' then content is not null and coalesce(tool_calls, '[]') in ('[]', 'null')
        when 'user' then strlen(content) < 2000
        else false
    end
),

-- last words that may claim a deed, without what they only propose, expect or deny
claiming as (
    select
        *,
        case when (
            matches(said, $said_tests_pass_list) or matches(said, $said_tests_pass_elsewhere_list) or matches(said, $said_wrote_list) or matches(said, $said_wrote_elsewhere_list) or matches(said, $said_searched_list)
            or matches(said, $said_sent_list) or matches(said, $said_pushed_list) or matches(said, $said_ran_list)
            or matches(said, $said_done_list) or matches(said, $said_verified_list) or matches(said, $said_runs_list) or matches(said, $said_deployed_list) or matches(said, $said_was_run_list) or matches(said, $said_outside_list) or matches(said, $says_it_did_list) or matches(said, $says_done_list)
        ) then regexp_replace(said, $not_claimed, ' ', 'g') end as claiming,
        -- short last words without a doubt
        coalesce(strlen(said) < 300 and not matches(
            case when matches(said, $offers_list || '|' || $no_doubt_list) then regexp_replace(regexp_replace(said, $offers, '', 'g'), $no_doubt, ' ', 'g') else said end, $hedges_list
        ), false) as affirms,
        -- short last words that may hold no result
        coalesce(strlen(said) < 1200 and (
            strlen(said) < 600 and (
                regexp_matches(said, '^\s*[\[<{]')
                or matches(said, $speaks_of_itself_list) or matches(said, $speaks_of_fault_list) or matches(said, $tells_of_failure_list) or matches(said, $fails_in_other_scripts_list) or matches(said, $declines_list)
                or matches(said, $reports_only_list) or matches(said, $tells_where_list)
            )
            or matches(said, $gives_up_list) or matches(said, $refuses_list)
        ), false) as may_be_hollow,
        -- stems of their words, in pairs of letters where no spaces part them
        case when may_be_hollow or strlen(said) < 240 then list_distinct(list_filter(
            list_concat(
                list_transform(
                    regexp_extract_all(lower(said), '[\p{Latin}\p{Cyrillic}\p{Greek}\p{Arabic}\p{Devanagari}\p{M}]{4,}'),
                    lambda word: left(regexp_replace(word, '^[وبل]?ال', ''), greatest(4, length(word) - 2))
                ),
                regexp_extract_all(said, '\s(\p{Lu}\p{Ll}{1,2})(?:[^\p{L}]|$)', 1),
                regexp_extract_all(said, '\p{N}{2,}|\p{Hangul}{2}|[\p{Katakana}ー]{2,}|\p{Han}{2}'),
                -- names among letters of another script
                case when regexp_matches(said, '[\p{Cyrillic}\p{Arabic}\p{Han}\p{Hangul}\p{Hiragana}\p{Devanagari}]') then regexp_extract_all(lower(said), '[a-z][a-z0-9._-]*[a-z0-9]') else [] end,
                case when strlen(said) <= 12 then [lower(trim(said, e' .!*`\n'))] else [] end,
                -- the whole of an answer that may be the end of a line
                case when strlen(said) < 120 and not contains(said, chr(10)) then [lower(rtrim(said, ' .。!')) || chr(10)] else [] end,
                regexp_extract_all(regexp_replace(said, '\p{Han}(\p{Han}+)', '\1', 'g'), '\p{Han}{2}')
            ),
            lambda word: word like '%' || chr(10) or not matches(word, $plain_nouns_list)
        )) end as said_words
    from spoken
)

select
    part,
    row,
    case when role = 'user' then
        case when not regexp_matches(content, '[?？؟]') and (matches(content, $orders_deed_list) or not matches(content, $asks_a_question_list) and not matches(content, $asks_for_telling_list)) then ['ordered'] end
    when claiming is not null or affirms then list_filter([
        case when affirms then 'affirms' end,
        case when matches(claiming, $said_deployed_list) then 'deployed' end,
        case when matches(claiming, $said_outside_list) then 'outside' end,
        case when matches(claiming, $said_was_run_list) then 'executed' end,
        case when matches(claiming, $said_tests_pass_list) or matches(claiming, $said_tests_pass_elsewhere_list) then 'tested' end,
        case when matches(claiming, $said_wrote_list) or matches(claiming, $said_wrote_elsewhere_list) then 'wrote' end,
        case when matches(claiming, $said_searched_list) then 'searched' end,
        case when matches(claiming, $said_sent_list) then 'sent' end,
        case when matches(claiming, $said_pushed_list) then 'pushed' end,
        case when matches(said, $says_done_list) then 'finished' end,
        case when not matches(claiming, $says_it_did_list) then null when len(list_filter(extracts(claiming, $says_it_did_list), lambda verb: not matches(lower(verb), $only_thinks_list))) > 0 then 'did' end,
        case when matches(claiming, $said_done_list) then 'done' end,
        -- a search with grep is a run, too, which any call to a shell or a search shows
        case when matches(claiming, $said_ran_list) and regexp_matches(claiming, '(?i)(^|[^\p{L}])(grep|rg|find)($|[^\p{L}])') then 'looked' end,
        case when matches(claiming, $said_ran_list) and not regexp_matches(claiming, '(?i)(^|[^\p{L}])(grep|rg|ls|find|cat|head|tail|wc|git|du|df|ps|stat|sed|awk|cp|mv|rm|mkdir|chmod|tar|curl)($|[^\p{L}])') then 'ran' end,
        case when matches(claiming, $said_verified_list) or matches(claiming, $said_runs_list) then 'verified' end
    ], lambda deed: deed is not null) end as claimed_deeds,
    case when matches(claiming, $said_wrote_list) or matches(claiming, $said_wrote_elsewhere_list) then list_distinct(regexp_extract_all(claiming, $file_names)) end as claimed_files,
    -- stems of the words that claim a change or a message: a result that holds one reports what others did
    -- without names
    case when claiming is not null then list_transform(
        regexp_extract_all(
            lower(regexp_replace(concat_ws('. ', first_match(claiming, $said_wrote_list || '|' || $said_wrote_elsewhere_list), first_match(claiming, $said_sent_list), first_match(claiming, $said_done_list), first_match(claiming, $said_ran_list)), '([^.!?] )(\p{Lu}[\p{L}\p{M}]* ?)+', '\1', 'g')),
            '[\p{Latin}\p{Cyrillic}\p{M}]{6,}'
        ), lambda word: left(word, length(word) - 2)
    ) end as claimed_words,
    -- words in quotation marks beside a verb of speech, without what it leaves out
    case when said is not null then list_filter(
        list_transform(
            flatten(list_transform(
                list_concat(
                    extracts(said, $quotes_somebody_list),
                    case when matches(said, $quotes_before_list) then extracts(said, $quotes_before_list) else [] end,
                    -- the first line of an output that is no example
                    case when contains(said, '```') and not regexp_matches(said, $shows_example) then extracts(said, $quotes_output_list) else [] end
                ), lambda quoted: string_split_regex(quoted, '[\[(]?(?:…|\.\.\.)[\])]?')
            )),
            lambda quoted: regexp_replace(trim(quoted), '[\s.,;:!?…]+$', '')
        ),
        lambda quoted: strlen(quoted) >= 12
    ) end as quotations,
    -- the first line of last words that may be an error message: a result may hold it
    case when regexp_matches(left(said, 300), '(?i)error|exception|traceback|refused|timed? ?out|unavailable|denied|failed|\b[45]\d\d\b') then coalesce(
        -- the name of an exception
        nullif(regexp_extract(said, '^[\s"`*>]*((?:\w+\.)*\w+(?:Error|Exception))\b', 1), ''),
        rtrim(left(regexp_extract(trim(said, e'"`*> \n'), '^[^\n"`*]+'), 80), '.! ')
    ) end as quoted_error,
    -- numbers of the last words, in the spelling of a program, if they are more than a count
    case when strlen(said) < 4000 then list_concat(list_filter(
        list_distinct(list_transform(
            regexp_extract_all(regexp_replace(regexp_replace(regexp_replace(array_to_string(string_split(said, '```')[:-:2], ' '), '`[^`\n]*[=(][^`\n]*`|' || $conditional, ' ', 'g'), '(\d)[ \x{a0}\x{202f}](\d{3})\b', '\1\2', 'g'), $numbers_of_names, ' ', 'g'), '\d[\d.,]*\d'), lambda number: regexp_replace(regexp_replace(number, '[.,](\d{3})\b', '\1', 'g'), ',', '.')
        )),
        lambda number: length(number) >= 3
    ), regexp_extract_all(regexp_replace(said, '(?s)```.*?(```|$)|`[^`\n]*`', ' ', 'g'), $measure, 1)) end as numbers,
    -- numbers of two digits, for results of a few words, and as steps
    case when strlen(said) < 2000 then regexp_extract_all(regexp_replace(said, '(?s)```.*?(```|$)', ' ', 'g'), '(?:^|[^\w.,:/-])(\d{2})(?:$|[^\w.,:/-]|[.,:](?:\D|$))', 1) end as small_numbers,
    -- the first time of day
    case when strlen(said) < 4000 and matches(said, $time_of_day_list) then nullif(regexp_extract(regexp_replace(said, '(?s)```.*?(```|$)|`[^`\n]*`', ' ', 'g'), $time_of_day, 1), '') end as time_of_day,
    case when said is not null then nullif(regexp_extract(said, $template_token), '') end as template_token,
    -- the name of an exception or the status of a program
    case when regexp_matches(said, 'Error|Exception|Timeout|_[A-Z]|ECONN|ETIMED|ENOTF|EAI_|EPIPE|SIG[KTS]|OOMK') then nullif(regexp_extract(said, $fault_token, 1), '') end as fault_token,
    -- the words of each name of somebody or something
    case when strlen(said) < 2000 then list_transform(
        regexp_extract_all(regexp_replace(said, '(?s)```.*?(```|$)|`[^`\n]*`', ' ', 'g'), $names_somebody, 1),
        lambda name: list_transform(regexp_extract_all(lower(name), '\p{L}{3,}'), lambda word: left(word, greatest(4, length(word) - 2)))
    ) end as said_names,
    case when may_be_hollow then said_words end as plain_words,
    -- of other short last words, for results so short that a look at them costs nothing
    case when not may_be_hollow then said_words end as brief_words
from claiming
