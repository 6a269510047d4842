-- one row per turn; adds facts on calls and results for gates: the result's hash and fault, deeds that the agent's last words
-- claim, tests that its calls weaken, and quotations, template tokens, words on grading and words of doubtful answers that a text
-- must support
with last_words as (
    select
        *,
        case when role = 'assistant' and coalesce(tool_calls, '[]') in ('[]', 'null') then replace(nfc_normalize(content), '’', '''') end as said,
        coalesce(role = 'assistant' and (
            contains(tool_calls, 'test') or contains(tool_calls, 'Test') or contains(tool_calls, 'spec') or contains(tool_calls, 'Spec')
            or contains(tool_calls, 'mvn') or contains(tool_calls, 'gradle')
        ), false) as about_tests
    from turn_part
),

-- last words that may claim a deed, without what they only propose, expect or deny
claiming as (
    select
        *,
        case when (
            matches(said, $said_tests_pass_list) or matches(said, $said_wrote_list) or matches(said, $said_searched_list)
            or matches(said, $said_sent_list) or matches(said, $said_pushed_list) or matches(said, $said_ran_list)
            or matches(said, $said_done_list) or matches(said, $said_verified_list)
        ) then regexp_replace(said, $not_claimed, ' ', 'g') end as claiming
    from last_words
),

edits as (
    select
        *,
        -- two arguments on end, of which the first holds a check: the text that an edit takes away, and the text that it puts there
        case when about_tests and (contains(tool_calls, 'assert') or contains(tool_calls, 'expect') or contains(tool_calls, 'test')) then
            regexp_extract(
                tool_calls,
                '"(\w+)": ?"((?:[^"\\]|\\.)*(?:assert|expect\(|def test|func Test|\bit\(|\btest\(|== ?-?\d)(?:[^"\\]|\\.)*)", ?"(\w+)": ?"((?:[^"\\]|\\.)*)"',
                ['first', 'before', 'second', 'after']
            )
        end as edit,
        coalesce(regexp_matches(edit['first'], '^(?i:new|neu|nouv|nuev|nov|nuov|now|yeni|repl|after)'), false) as is_reversed,
        -- the lines that a patch takes away, and those that it adds
        about_tests and contains(tool_calls, '\n-') and contains(tool_calls, '\n+') as is_patch,
        case
            when edit['second'] <> '' then case when is_reversed then edit['after'] else edit['before'] end
            when is_patch then array_to_string(regexp_extract_all(tool_calls, '\\n-((?:[^"\\]|\\[^n])*)', 1), '\n')
        end as old_text,
        case
            when edit['second'] <> '' then case when is_reversed then edit['before'] else edit['after'] end
            when is_patch then array_to_string(regexp_extract_all(tool_calls, '\\n\+((?:[^"\\]|\\[^n])*)', 1), '\n')
        end as with_comments,
        -- a check in a comment checks nothing
        case when regexp_matches(with_comments, '(#|//) ?(assert|expect|self\.)') then regexp_replace(with_comments, '(#|//) ?(assert|expect|self\.).*?(\\n|$)', '', 'g') else with_comments end as new_text,
        -- the whole text of a test file that a call writes
        case when about_tests then nullif(regexp_extract(
            tool_calls,
            '"\w+": ?"[^"]*(?:testy?_\w+|\w_testy?|\.test|\.spec|Tests?)\.\w{1,4}", "[\p{L}_]+": ?"((?:[^"\\]|\\.)*)"\}', 1
        ), '') end as whole_text
    from claiming
)

select
    * exclude (said, claiming, about_tests, edit, is_reversed, is_patch, old_text, with_comments, new_text, whole_text),
    case when role = 'tool' then hash(observation) end as result_hash,
    case when role = 'tool' then strlen(observation) end as result_bytes,
    case
        when role <> 'tool' then null
        when kind in ('fault', 'blocked') or matches(left(observation, 400), $result_failed_list) then 'failed'
        when kind = 'empty' or observation is null or regexp_matches(left(observation, 60), '^[\s"]*$') then 'empty'
        when matches(left(observation, 300), $result_nothing_list) then 'nothing'
    end as result_fault,
    case when role = 'user' then
        case when strlen(content) < 2000 and matches(content, $orders_deed_list) and not regexp_matches(content, '[?？؟]') then ['ordered'] end
    when claiming is not null or strlen(said) < 300 and not matches(said, $hedges_list) then list_filter([
        case when strlen(said) < 300 and not matches(said, $hedges_list) then 'affirms' end,
        case when matches(claiming, $said_tests_pass_list) then 'tested' end,
        case when matches(claiming, $said_wrote_list) then 'wrote' end,
        case when matches(claiming, $said_searched_list) then 'searched' end,
        case when matches(claiming, $said_sent_list) then 'sent' end,
        case when matches(claiming, $said_pushed_list) then 'pushed' end,
        case when matches(claiming, $said_done_list) then 'done' end,
        -- a search with grep is a run, too, which any call to a shell or a search shows
        case when matches(claiming, $said_ran_list) and regexp_matches(claiming, '(?i)(^|[^\p{L}])(grep|rg|find)($|[^\p{L}])') then 'looked' end,
        case when matches(claiming, $said_ran_list) and not regexp_matches(claiming, '(?i)(^|[^\p{L}])(grep|rg|ls|find|cat|head|tail|wc|git|du|df|ps|stat|sed|awk|cp|mv|rm|mkdir|chmod|tar|curl)($|[^\p{L}])') then 'ran' end,
        case when matches(claiming, $said_verified_list) then 'verified' end
    ], lambda deed: deed is not null) end as claimed_deeds,
    case when matches(claiming, $said_wrote_list) then list_distinct(regexp_extract_all(claiming, $file_names)) end as claimed_files,
    -- stems of the words that claim a change or a message: a result that holds one reports what others did
    case when claiming is not null then list_transform(
        regexp_extract_all(
            lower(concat_ws(' ', first_match(claiming, $said_wrote_list), first_match(claiming, $said_sent_list), first_match(claiming, $said_done_list), first_match(claiming, $said_ran_list))),
            '[\p{Latin}\p{Cyrillic}\p{M}]{6,}'
        ), lambda word: left(word, length(word) - 2)
    ) end as claimed_words,
    -- a test file that a call takes away or weakens, also by an edit that changes its asserts; and test files that calls create
    case when about_tests and (
        regexp_matches(tool_calls, $hollow_tests) or regexp_matches(whole_text, 'def test|func Test|@Test|\b(it|test)\(') and not regexp_matches(whole_text, $checks_result)
    ) then 'hollow' when about_tests and (matches(tool_calls, $weakens_tests_list) or (
        regexp_matches(tool_calls, '\\n-\s*(?:self\.)?(?:assert|expect\()') and not regexp_matches(tool_calls, '\\n\+\s*(?:self\.)?(?:assert|expect\()')
    ) or (
        -- a test without its name, which no runner finds
        regexp_matches(old_text, 'def test_|func Test|@Test|\b(?:it|test)\(') and not regexp_matches(new_text, 'def test_|func Test|@Test|\b(?:it|test)\(')
    ) or (
        regexp_matches(tool_calls, '"\w+": ?"[^" ]*(test|spec)[^" ]*\.\w{1,5}"|\+\+\+ [^" ]*(test|spec)')
        and regexp_matches(old_text, 'assert|expect\(|^\s*== ?-?\d')
        and len(list_filter(
            list_filter(string_split(old_text, '\n'), lambda line: regexp_matches(line, 'assert|expect\(|^\s*== ?-?\d')),
            -- what a line compares with must stay, its names may change
            lambda line: not regexp_matches(new_text, 'approx|isclose|AlmostEqual|toBeCloseTo') and not regexp_matches(new_text, regexp_escape(trim(coalesce(nullif(regexp_extract(line, '(?:==|!=|<=|>=|<|>|\.to[A-Z]\w*\(| is | in | not ).*$'), ''), line))) || '($|[^\w.])')
        )) > 0
    )) then coalesce(nullif(regexp_extract(tool_calls, '([\w-]*(?:test|Test|spec)[\w-]*\.\w{1,4})\b', 1), ''), 'tests') end as weakened_test,
    -- the result that an edited assert expects from now on
    case when about_tests and regexp_matches(old_text, 'assert|expect\(') then
        nullif(regexp_extract(new_text, '(?:==|\.to(?:Be|Equal|StrictEqual)\() ?[\\"'']*([\w.,-]+)', 1), '')
    end as expected_result,
    case when about_tests and regexp_matches(tool_calls, $runs_tests)
        then case when regexp_matches(tool_calls, $runs_some_tests) then 'some' else 'all' end
    end as test_run,
    case when about_tests then regexp_extract_all(
        tool_calls,
        '(?s)(?:"command": ?"create"|"name": ?"[^"]*(?:write|create)[^"]*"|(?:cat|tee|echo|touch|printf)[^|;&]{0,400}>?).{0,80}?([\w-]*(?:test|Test|spec)[\w-]*\.\w{1,4})\b',
        1
    ) end as created_tests,
    -- words in quotation marks beside a verb of speech
    case when said is not null then list_transform(
        extracts(said, $quotes_somebody_list), lambda quoted: regexp_replace(quoted, '[\s.,;:!?…]+$', '')
    ) end as quotations,
    -- the first line of last words that may be an error message: a result may hold it
    case when regexp_matches(left(said, 300), '(?i)error|exception|traceback|refused|timed? ?out|unavailable|denied|failed|\b[45]\d\d\b') then left(regexp_extract(trim(said, e'"`*> \n'), '^[^\n"`*]+'), 80) end as quoted_error,
    -- numbers of the last words, in the spelling of a program, if they are more than a count
    case when strlen(said) < 4000 then list_concat(list_filter(
        list_distinct(list_transform(
            regexp_extract_all(regexp_replace(array_to_string(string_split(said, '```')[:-:2], ' '), $numbers_of_names, ' ', 'g'), '\d[\d.,]*\d'), lambda number: regexp_replace(regexp_replace(number, '[.,](\d{3})\b', '\1', 'g'), ',', '.')
        )),
        lambda number: length(number) >= 3
    ), regexp_extract_all(regexp_replace(said, '(?s)```.*?(```|$)', ' ', 'g'), $measure, 1)) end as numbers,
    -- `return 9` as the whole of a function: the result that a test of it expects
    case when about_tests or tool_calls is not null and contains(tool_calls, 'return') then nullif(
        '== ' || coalesce(
            nullif(regexp_extract(tool_calls, 'def \w+\(\w[^)]*\)[^:\n]*:(?: |\\n)\s*return (-?[\d.]+|\\?[''"][\w .-]+\\?[''"])[\s\\''"]', 1), ''),
            -- an edit that puts it in the place of what the function computed
            regexp_extract(tool_calls, '"old_?\w*": ?"\s*return [^"]*[(*/+%\[][^"]*", ?"new_?\w*": ?"\s*return (-?[\d.]+)\s*"', 1)
        ), '== '
    ) end as constant_result,
    case when said is not null then nullif(regexp_extract(said, $template_token), '') end as template_token,
    -- short last words that may hold no result: stems of their words, in pairs of letters where no spaces part them
    case when strlen(said) < 1200 and (
        strlen(said) < 600 and (
            regexp_matches(said, '^\s*[\[<{]')
            or matches(said, $speaks_of_itself_list) or matches(said, $speaks_of_fault_list) or matches(said, $tells_of_failure_list) or matches(said, $declines_list)
            or matches(said, $reports_only_list) or matches(said, $tells_where_list)
        )
        or matches(said, $gives_up_list) or matches(said, $refuses_list)
    ) then list_distinct(list_filter(
        list_concat(
            list_transform(
                regexp_extract_all(lower(said), '[\p{Latin}\p{Cyrillic}\p{Greek}\p{Arabic}\p{Devanagari}\p{M}]{4,}'),
                lambda word: left(regexp_replace(word, '^[وبل]?ال', ''), greatest(4, length(word) - 2))
            ),
            regexp_extract_all(said, '\s(\p{Lu}\p{Ll}{1,2})(?:[^\p{L}]|$)', 1),
            regexp_extract_all(said, '\p{N}{2,}|\p{Hangul}{2}|[\p{Katakana}ー]{2,}|\p{Han}{2}'),
            regexp_extract_all(regexp_replace(said, '\p{Han}(\p{Han}+)', '\1', 'g'), '\p{Han}{2}')
        ),
        lambda word: not matches(word, $plain_nouns_list)
    )) end as plain_words,
    case
        when role <> 'assistant' then null
        when strlen(written) > length(written)
            and matches(written, '(?i)ground[ -]truth|gold(en)?[ -](answer|label)|(reference|expected) answer|system prompt|grader|rubric')
            then lower(coalesce(first_match(concat_ws(' ', reasoning, content), $on_grading_mixed_list || '|' || $on_grading_list), first_match(written, $on_marking_list), first_match(written, $on_graders_list)))
        else lower(coalesce(first_match(written, $on_grading_list), first_match(written, $on_marking_list), first_match(written, $on_graders_list)))
    end as on_grading
from edits
