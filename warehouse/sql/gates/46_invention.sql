-- one row per trajectory: refuses agents that write a tool's result or the user's next turn themselves, or cite an address or a
-- quotation that is in no text they read
-- without it: a student learns to make up facts that it should look up. Markup, addresses and words in the question or a page may be
-- quoted, and so may an address that the agent fetched, and the front page of what the task names
with final as (
    select trajectory_id, max(index) as index
    from turn_facts
    semi join candidates using (trajectory_id)
    where role = 'assistant'
    group by trajectory_id
),

supported as (
    select trajectory_id, list_distinct(flatten(list(supported_claims))) as texts, coalesce(len(flatten(list(scripts_read))), 0) > 0 as other_scripts
    from turn_facts
    group by trajectory_id
),

-- the first result that an attempt read
read as (
    select trajectory_id, min(index) as index
    from turn_facts
    semi join candidates using (trajectory_id)
    where role = 'tool'
    group by trajectory_id
),

short as (
    select trajectory_id, sum(result_bytes) as bytes_read
    from turn_facts
    group by trajectory_id
    having sum(result_bytes) < 6000
),

claims as (
    select
        turn_facts.trajectory_id,
        turn_facts.index,
        turn_facts.parse = 'ok' or regexp_matches(turn_facts.tool_markup, 'res|RES') or not regexp_matches(turn_facts.tool_markup, '^[<\[]') as whole,
        case when
            not list_contains(coalesce(supported.texts, []), turn_facts.tool_markup)
            and (regexp_matches(turn_facts.tool_markup, '^[<\[]') or not coalesce(matches(candidates.instruction, $asks_for_dialogue_list), false))
            -- advice in many commands
            and not (matches(turn_facts.tool_markup, $shows_session_list) and len(string_split(candidates.answer, '```')) > 5 and not matches(candidates.answer, $acts_itself_list))
            -- a question on the tokens of a format
            and not (regexp_matches(turn_facts.tool_markup, '^[<\[]') and coalesce(regexp_matches(candidates.instruction, $concerns_tokens), false))
            -- a session that explains a command, or an example of one
            and not (
                (matches(turn_facts.tool_markup, $shows_session_list) or matches(turn_facts.tool_markup, $tool_says_list))
                and (turn_facts.index > coalesce(read.index, 1000) or coalesce(matches(candidates.instruction, $asks_how_list) or matches(candidates.instruction, $asks_for_examples_list) or matches(candidates.instruction, $composes_list), false))
            )
            and (turn_facts.index < coalesce(read.index, 1000) or regexp_matches(turn_facts.tool_markup, '^[<\[]') or matches(turn_facts.tool_markup, $invents_turns_list) or not (matches(turn_facts.tool_markup, $writes_results_list) or matches(turn_facts.tool_markup, $writes_steps_list)))
        then turn_facts.tool_markup end as tool_markup,
        case when final.index is not null then list_filter(
            turn_facts.cited_urls,
            lambda address:
                not list_contains(coalesce(supported.texts, []), address)
                and not regexp_matches(address, '^://(localhost|127\.|0\.0\.0\.0|\[|([^/]*\.)?example\.)')
                -- the home page of what the task names, or its page on a host of documentation
                and not (
                    regexp_matches(address, '^://[^/]+$|^://docs?\.[^/]+/[A-Za-z_-]*$|^://[^/]*(readthedocs|github|gitlab|pypi|npmjs|wikipedia)[^/]*/[A-Za-z_-]*$')
                    and len(list_filter(
                        regexp_extract_all(lower(regexp_extract(address, '^://(?:docs?\.[^/]+/.*|[^/]+)')), '[a-z]{2,}'),
                        lambda word: len(word) > 1 and word not in ('com', 'org', 'net', 'www', 'docs', 'dev', 'io', 'http', 'https')
                            and regexp_matches(lower(candidates.instruction), '(^|[^a-z])' || word || '($|[^a-z])')
                    )) > 0
                )
        ) end as unseen,
        -- of an attempt without a result, words in quotation marks are an example, unless its answer reports a look-up
        case when final.index is not null and (read.index is not null or coalesce(matches(candidates.answer, $acts_itself_list), false)) and not coalesce(matches(candidates.instruction, $composes_list) and not matches(candidates.instruction, $asks_what_was_written_list), false) then list_filter(
            turn_facts.quotations, lambda quoted: not list_contains(coalesce(supported.texts, []), quoted)
        ) end as unquoted
    from turn_facts
    join candidates using (trajectory_id)
    left join supported using (trajectory_id)
    left join final using (trajectory_id, index)
    left join read on read.trajectory_id = turn_facts.trajectory_id
    where turn_facts.tool_markup is not null or len(turn_facts.cited_urls) > 0 or len(turn_facts.quotations) > 0
),

-- numbers in the last words that the task, the calls and the results do not hold, and the numbers that these hold, if they are few
told_numbers as (
    select
        turn_facts.trajectory_id,
        turn_facts.index,
        list_filter(
            list_distinct(list_concat(numbers, case when short.bytes_read < 100 and length(candidates.answer) < 600 and matches(candidates.instruction, $asks_for_quantity_list) then small_numbers end)),
            lambda number: not list_contains(coalesce(supported.texts, []), number)
        ) as unread,
        list_concat(regexp_extract_all(candidates.answer, $names_year, 1), regexp_extract_all(candidates.answer, $names_year, 2)) as years,
        coalesce(small_numbers, []) as steps,
        list_contains(coalesce(supported.texts, []), 'numbers') as is_reckoned,
        case when not list_contains(coalesce(supported.texts, []), 'n:many') then list_transform(
            flatten(list_transform(list_filter(supported.texts, lambda claim: regexp_matches(claim, '^[nv]:')), lambda claim: string_split(substr(claim, 3), ' '))),
            lambda number: try_cast(number as double)
        ) end as given,
        -- a negative number is one in words, which only multiplies
        len(list_filter(given, lambda number: number >= 0)) as given_numbers,
        candidates.instruction,
        candidates.answer
    from turn_facts
    join candidates using (trajectory_id)
    join short using (trajectory_id)
    left join supported using (trajectory_id)
    where (numbers is not null or len(small_numbers) > 0)
        and not coalesce(matches(candidates.instruction, $asks_about_errors_list) and matches(candidates.instruction, $asks_for_meaning_list) or matches(candidates.instruction, $asks_for_examples_list) or regexp_matches(candidates.answer, $from_memory), false)
),

-- where a result gives numbers to compute with, a number that no arithmetic gives from them
reckoned as (
    select
        *,
        case
            when not is_reckoned and coalesce(given_numbers, 0) < 2 then len(unread)
            when given is null then 0
            -- two-digit numbers are only steps
            else len(list_filter(underived(list_concat(list_filter(unread, lambda number: length(number) >= 3 or given_numbers <= 4), steps), given, regexp_matches(concat_ws(' ', instruction, answer), $names_rates)), lambda number: length(number) >= 3 or given_numbers <= 4 and list_contains(unread, number)))
        end as invented
    from told_numbers
),

figures as (
    select
        trajectory_id,
        -- a year follows from another by a number of years or months only
        max_by(len(list_filter(
            list_filter(unread, lambda number: list_contains(years, number)),
            lambda year: len(list_filter(coalesce(given, []), lambda one:
                abs(one - year::double) <= 1 or one = year::double % 100 or list_contains(given, abs(one - year::double)) or list_contains(given, 12 * abs(one - year::double))
            )) = 0
        )), index) as years,
        -- one may be reckoned in several steps, but few steps give a number of none of many
        max_by(case when is_reckoned and invented = 1 and given_numbers between 3 and 12 or given is not null and invented * 3 < len(unread) then 0 else invented end, index) as unread
    from reckoned
    group by trajectory_id
),

-- names in the last words of which the task and short results hold no word
named as (
    select trajectory_id, len(list_filter(said_names, lambda words: len(list_filter(words, lambda word: word = 'doe' or list_contains(coalesce(supported.texts, []), word))) = 0)) as names
    from turn_facts
    join candidates using (trajectory_id)
    join short using (trajectory_id)
    join final using (trajectory_id, index)
    left join supported using (trajectory_id)
    where len(said_names) > 0
        and short.bytes_read > 0
        -- a name may be spelled in another script, and a headline or a text in German has capitals without names
        and not coalesce(other_scripts, false)
        and regexp_matches(candidates.answer, '[.!?]')
        and not regexp_matches(candidates.answer, '(?i)\b(und|nicht|wurden?|ist|der)\b')
        and not (matches(candidates.instruction, $translates_list) or matches(candidates.instruction, $asks_how_list) or regexp_matches(candidates.answer, $from_memory))
),

-- a time of day in the last words after results without any time
timed as (
    select trajectory_id, count(*) as times
    from turn_facts
    join candidates using (trajectory_id)
    join short using (trajectory_id)
    join final using (trajectory_id, index)
    left join supported using (trajectory_id)
    where time_of_day is not null
        and short.bytes_read < 1500
        and not list_contains(coalesce(supported.texts, []), 'times')
        and not (matches(candidates.instruction, $composes_list) or matches(candidates.instruction, $asks_for_plan_list) or matches(candidates.instruction, $asks_how_list) or regexp_matches(candidates.answer, $from_memory))
    group by trajectory_id
),

-- an answer that announces a search or a run and goes on with what it gave, with no call at all: it is in the sentences after the
-- announcement, or in a line under the name of the source
answered_alone as (
    select
        candidates.trajectory_id,
        candidates.instruction,
        final_words.sentences,
        final_words.answer,
        lower(final_words.sentences[1]) as opening,
        list_filter(
            list_transform(string_split(final_words.answer, chr(10))[2:], lambda line: lower(regexp_extract(line, '^[^\p{L}]*(\p{L}[^:：\n]{3,40}?) ?[:：] *\S', 1))),
            lambda label: label <> ''
        ) as labels
    from candidates
    join final_words using (trajectory_id)
    anti join read using (trajectory_id)
    anti join made_calls using (trajectory_id)
),

announced as (
    select trajectory_id, count(*) as announcements
    from answered_alone
    where not coalesce(matches(sentences[-1], $promises_list), false)
        -- the screen of a run that the answer reports
        and (matches(opening, $acts_itself_list) and matches(answer, $shows_session_list) and not matches(instruction, $composes_list)
        or not coalesce(matches(instruction, $asks_how_list) or matches(instruction, $composes_list), false)
        and (
            -- the result of a look-up or a measurement
            matches(answer, $acts_itself_list) and matches(instruction, $asks_a_question_list) and not regexp_matches(instruction, '["“«„「:：\n]')
            and not (matches(answer, $gives_up_list) or matches(answer, $refuses_list) or matches(answer, $promises_list))
            or len(sentences) > 1 and (len(list_filter(sentences[:2], lambda sentence: matches(sentence, $announces_search_list))) > 0 and not matches(sentences[-1], $announces_search_list)
            -- a task that holds text of its own may be read without a call
            or matches(opening, $reads_source_list) and not regexp_matches(instruction, '["“«„「:：\n]')
            or matches(answer, $writes_results_list) and (matches(opening, $consults_list) or matches(opening, $announces_search_list))
            or matches(opening, $consults_list) and len(list_filter(labels, lambda label: len(list_filter(
                regexp_extract_all(label, '[\p{L}\p{M}]{4,}|\p{Han}{2}|\p{Katakana}{3}|\p{Hangul}{2}'),
                lambda word: contains(opening, left(word, 5)) and not contains(lower(instruction), word)
            )) > 0)) > 0)
        ))
    group by trajectory_id
),

faults as (
    select
        trajectory_id,
        count(tool_markup) filter (whole) as markups,
        coalesce(sum(len(unseen)), 0) as unseen,
        coalesce(sum(len(unquoted)), 0) as unquoted
    from claims
    group by trajectory_id
)

select
    candidates.trajectory_id,
    coalesce(markups + unseen + unquoted, 0) + coalesce(unread, 0) + coalesce(years, 0) + coalesce(names, 0) + coalesce(times, 0) + coalesce(announcements, 0) = 0 as keep,
    case
        when keep then 'ok'
        when markups > 0 then 'tool_markup'
        when unseen > 0 then 'url_never_shown'
        when unquoted > 0 then 'quotation_never_read'
        when unread > 0 or years > 0 or times > 0 then 'number_never_read'
        when names > 0 then 'name_never_read'
        else 'search_never_made'
    end as reason,
    coalesce(markups + unseen + unquoted, 0) + coalesce(unread, 0) + coalesce(years, 0) + coalesce(names, 0) + coalesce(times, 0) + coalesce(announcements, 0) as value
from candidates
left join faults using (trajectory_id)
left join figures using (trajectory_id)
left join timed using (trajectory_id)
left join named using (trajectory_id)
left join announced using (trajectory_id)
