-- one row per trajectory: refuses answers that are an error message or an unfilled template, answers after calls that all failed, and
-- text that is noise after numeric overflow
-- without it: a student learns the messages of a broken client as answers, and to invent what no tool gave. A task about errors, an
-- error that a tool returned, and an answer that owns up to the failure are excused; so is one that begins with the truth
with facts as (
    select
        trajectory_id,
        min(index) filter (garbled) as garbled_at,
        count(*) filter (role = 'tool') as results,
        count(*) filter (result_fault = 'failed') as failed,
        count(*) filter (result_fault in ('failed', 'nothing')) as fruitless,
        arg_max(quoted_error, index) filter (calls_are_json is not null) as quoted_error,
        arg_max(template_token, index) filter (calls_are_json is not null) as template_token,
        arg_max(fault_token, index) filter (calls_are_json is not null) as fault_token,
        coalesce(list_distinct(flatten(list(supported_claims))), []) as supported
    from turn_facts
    semi join candidates using (trajectory_id)
    group by trajectory_id
),

answers as (
    select
        candidates.trajectory_id,
        candidates.instruction,
        final_words.answer,
        final_words.sentences,
        final_words.grounded,
        final_words.words_of_results,
        final_words.counted_words,
        final_words.is_served,
        left(final_words.answer, 600) as opening,
        facts.* exclude (trajectory_id),
        coalesce(
            matches(candidates.instruction, $asks_about_errors_list)
            or ((list_contains(supported, quoted_error) or list_contains(supported, fault_token)) and matches(candidates.instruction, $may_concern_errors_list)),
            false
        ) as about_errors,
        coalesce(starts_with(
            trim(regexp_replace(lower(opening), '[^\p{L}\p{N}]+', ' ', 'g')) || ' ',
            nullif(trim(regexp_replace(lower(left(candidates.true_answer, 600)), '[^\p{L}\p{N}]+', ' ', 'g')), '') || ' '
        ), false) as is_truth
    from candidates
    join final_words using (trajectory_id)
    left join facts using (trajectory_id)
),

judged as (
    select
        trajectory_id,
        garbled_at,
        case
            when garbled_at is not null then 'garbled'
            when is_truth or answer is null then 'ok'
            when coalesce(grounded, 0) = 0 and regexp_matches(answer, '(?i)^(nan|undefined|\[object object\]|inf(inity)?)[^\p{L}\p{N}]*$') then 'no_value'
            when template_token is not null and not list_contains(supported, template_token) and not regexp_matches(instruction, $asks_for_templates)
                -- an ordered text in a fence, with places to fill in
                and not (matches(instruction, $composes_list) and contains(answer, '```') and not contains(array_to_string(string_split(answer, '```')[:-:2], ' '), template_token))
            then 'template_token'
            when strlen(answer) < 300 and len(sentences) <= case when regexp_matches(answer, '^\S+: .*: ') then 5 else 2 end and (
                matches(opening, $own_notice_list) and not (about_errors and matches(instruction, $asks_for_text_list))
                -- who reports that every call failed says why
                or not about_errors and not (matches(instruction, $translates_list) and counted_words >= 4 and not contains(answer, ':')) and matches(opening, $service_notice_list) and not matches(opening, $asks_for_meaning_list)
                and not (words_of_results >= 2 and matches(instruction, $may_concern_errors_list)) and not (failed = results and results > 0 and strlen(answer) >= 60)
            ) then 'error_text'
            when matches(opening, $client_error_list) and not (
                about_errors
                and coalesce(results > 0, false)
                and (strlen(answer) >= 80 or list_contains(supported, quoted_error) or contains(lower(instruction), lower(left(answer, 12))))
                and not regexp_matches(opening, $own_client)
            ) then 'error_text'
            when not about_errors and matches(answer, $any_error_list) then 'error_text'
            -- only the text of a program, and no word of a result
            when
                regexp_matches(answer, '(?s)^(\{.*\}|<.*>)$')
                and coalesce(words_of_results, 0) = 0
                and (matches(opening, $client_error_list) or matches(answer, $any_error_list))
                and not matches(instruction, $composes_list)
                and not matches(instruction, $asks_for_calls_list)
            then 'error_text'
            -- a fault that no text names, in brackets at the end, or in a few sentences that hold nothing of the results
            when
                fault_token is not null
                and not list_contains(supported, fault_token)
                and contains(array_to_string(string_split(answer, '```')[:-:2], ' '), fault_token)
                and (
                    contains(answer, chr(10)) and regexp_matches(regexp_extract(answer, '[^\n]*$'), '^[\[(<⚠❌*_-]|^[^\p{L}]*' || regexp_escape(fault_token) || ' ?[:(]')
                    and contains(regexp_extract(answer, '[^\n]*$'), fault_token)
                    or not about_errors and strlen(answer) < 400 and coalesce(grounded, words_of_results, 0) = 0 and len(sentences) <= 7 and not contains(answer, '`')
                        and not regexp_matches(answer, '(?i)\b(raise[sd]?|throws?|thrown)\b|^\W*\w+(error|exception)\W*$') and is_served
                )
            then 'error_text'
            -- the error that a result holds, and nothing else
            when not about_errors and list_contains(supported, quoted_error) and starts_with(ltrim(answer, e'"`*> '), quoted_error)
                and strlen(answer) < strlen(quoted_error) + 40
            then 'error_text'
            -- a note of a program in brackets, which ends a text that it broke off
            when
                regexp_matches(answer, '\n\s*[\[【<][^\[\]<>\n]{3,60}[:=：][^\n]*[\]】>}]$')
                and not contains(regexp_extract(answer, '[^\n]*$'), '://')
                and not about_errors
                and regexp_matches(regexp_extract(answer, '[^\n]*$'), '[a-z]+_[a-z_]+ ?[=:]|= ?[{"]|\{ ?"|\b[45]\d\d\b')
                and not matches(instruction, $composes_list)
            then 'error_text'
            -- a part of the machine and its fault
            when
                coalesce(grounded, words_of_results) = 0
                and results > 0
                and is_served
                and strlen(answer) < 400
                and len(sentences) <= 4
                and not regexp_matches(instruction, $names_faults)
                and not contains(answer, '`')
                and not regexp_matches(answer, '(?i)\b(raise[sd]?|throws?|thrown)\b|^\W*\w+(error|exception)\W*$')
                and not (matches(instruction, $composes_list) and (len(sentences) > 2 or matches(instruction, $translates_list)))
                and not regexp_matches(answer, $yes_or_no)
                -- at the beginning, or after a courtesy
                and len(list_filter(sentences[:case when matches(sentences[1], $advises_list) or regexp_matches(sentences[1], $interjection) then 2 else 1 end], lambda sentence: not contains(
                    lower(instruction),
                    lower(coalesce(nullif(regexp_extract(first_match(sentence, $names_machine_list || '|' || $names_machine_elsewhere_list), '[\p{L}\p{M}]{2,}'), ''), instruction))
                ) and (matches(sentence, $befalls_list) or matches(sentence, $befalls_elsewhere_list)))) > 0
            then 'error_text'
            -- a failure that no result had
            when
                grounded = 0
                and is_served
                and strlen(answer) < 400
                and len(sentences) <= 3
                and not about_errors
                and (not matches(instruction, $composes_list) or regexp_matches(instruction, $ends_in_question) and matches(instruction, $asks_for_fact_list))
                and not matches(instruction, $concerns_machines_list)
                -- a message that the task quotes, explained
                and not (coalesce(results, 0) = 0 and regexp_matches(instruction, $quoted))
                and not regexp_matches(answer, '(?i)\b(raise[sd]?|throws?|thrown)\b|^\W*\w+(error|exception)\W*$')
                and (matches(answer, $tells_of_failure_list) or matches(answer, $fails_in_other_scripts_list) or matches(answer, $speaks_of_fault_list))
            then 'error_text'
            when
                (failed = results or (fruitless = results and (regexp_matches(answer, '\p{N}') or matches(answer, $search_gave_list))))
                and results > 0
                and not about_errors
                -- a word of an error may be one of any answer
                and coalesce(words_of_results, 0) <= case when failed = results and counted_words >= 8 and not regexp_matches(answer, $yes_or_no) then 1 else 0 end
                -- a question back, for what the call lacked
                and not (
                    regexp_matches(answer, '[?？؟][*_ ]*$')
                    and (failed < results or len(sentences) <= 2 and (len(sentences) = 1 or length(sentences[1]) < 25))
                    and not matches(sentences[-1], $offers_list)
                )
                and (
                    not matches(answer, $admits_list)
                    -- a long text without a failure where it begins or ends
                    or failed = results
                    and length(answer) > 300
                    and not matches(left(answer, 160) || chr(10) || right(answer, 160), $tells_of_failure_list || '|' || $fails_in_other_scripts_list || '|' || $short_failure_list || '|' || $gives_up_list || '|' || $not_stated_list)
                    -- the number in question or several numbers, and no word on the failure
                    or failed = results
                    and (
                        matches(instruction, $asks_for_quantity_list)
                        and len(list_filter(regexp_extract_all(answer, '\d+'), lambda number: not contains(instruction, number))) > 0
                        or len(list_filter(
                            regexp_extract_all(answer, '\d[\d.,]+\d'),
                            lambda number: not contains(instruction, number) and not list_contains(supported, replace(regexp_replace(number, '[.,](\d{3})\b', '\1', 'g'), ',', '.'))
                        )) > 1
                    )
                    and not (matches(answer, $tells_of_failure_list) or matches(answer, $fails_in_other_scripts_list) or matches(answer, $short_failure_list) or matches(answer, $gives_up_list))
                )
            then 'all_calls_failed'
            -- the screen of a command, which failed
            when failed = results and results > 0 and coalesce(words_of_results, 0) = 0 and matches(answer, $shows_session_list) and not matches(instruction, $asks_how_list) then 'all_calls_failed'
            else 'ok'
        end as reason
    from answers
)

select trajectory_id, reason = 'ok' as keep, reason, garbled_at as value
from judged
