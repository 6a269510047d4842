-- one row per trajectory: refuses attempts that end by refusing, giving up or guessing
-- without it: a student learns to answer that it does not know. Sentences of the prose count at any place; what else the answer
-- finds excuses them, and so do a task for such a text, a tool that found nothing, and a reason from a result. An answer that sends
-- the task back and holds no word of a result is a refusal, too. A guess also counts where the agent's
-- last message admits it. English markers follow the cleaning of ShareGPT for Vicuna
with finals as (
    select
        trajectory_id,
        arg_max(guesses, index) filter (calls_are_json is not null) as guesses,
        coalesce(bool_or(result_fault in ('empty', 'nothing')), false) as found_nothing,
        coalesce(list_distinct(flatten(list(supported_claims))), []) as supported
    from turn_facts
    semi join candidates using (trajectory_id)
    group by trajectory_id
),

acting as (
    select trajectory_id, bool_or(matches('"name": "' || tool || '", ', $acts_by_name_list)) as has_acted
    from made_calls
    group by trajectory_id
),

sorted as (
    select
        candidates.trajectory_id,
        candidates.instruction,
        candidates.answer,
        coalesce(trajectories.system, '') as system,
        coalesce(lower(trim(candidates.answer)) = lower(trim(candidates.true_answer)), false) as is_truth,
        finals.guesses,
        finals.found_nothing,
        coalesce(acting.has_acted, false) as has_acted,
        final_words.sentences,
        final_words.grounded,
        final_words.touched,
        final_words.words_of_results,
        final_words.words_read,
        final_words.counted_words,
        final_words.has_result,
        final_words.is_served,
        list_transform(final_words.sentences, lambda sentence: case
            when len(list_filter(finals.supported, lambda claim: contains(claim, sentence))) > 0 then 'quoted'
            when matches(sentence, $refuses_list) then 'refuses'
            when matches(sentence, $gives_up_list) then 'gives_up'
            when matches(sentence, $advises_list) then 'advises'
            else 'says'
        end) as kinds
    from candidates
    join final_words using (trajectory_id)
    join trajectories using (trajectory_id)
    left join finals using (trajectory_id)
    left join acting using (trajectory_id)
),

weighed as (
    select
        *,
        list_contains(kinds, 'refuses') as refuses,
        list_contains(kinds, 'gives_up') as gives_up,
        array_to_string(list_filter(sentences, lambda sentence, place: kinds[place] = 'says'), ' ') as said,
        array_to_string(list_filter(sentences, lambda sentence, place: kinds[place] in ('refuses', 'gives_up')), ' ') as denied,
        -- with the sentence before each, which may give the reason
        array_to_string(list_filter(sentences, lambda sentence, place: list_contains(kinds[place:place + 1], 'refuses') or kinds[place] = 'gives_up'), ' ') as denied_after,
        regexp_matches(said, '[0-9]|[a-z]_[a-z]|\w\.[a-z]{2,4}\b|/\w') as is_specific,
        strip_accents(lower(instruction)) as asked_for,
        matches(instruction, $composes_list) as composes,
        -- the rest of the answer may be the reason, unless that is the agent itself
        (words_of_results > 0 or touched > 0 or is_specific)
            and matches(regexp_replace(answer, '(?i)\b(so|as|since|because),? (please|i|we|you|that|this|for)\b', ' ', 'g'), $gives_reason_list) as explains,
        -- sentences in the first person on the task, with no figure, no name and one word of a result at most; any, if the answer has none
        case when strlen(answer) < 1500 then list_filter(sentences, lambda sentence, place: case
            when kinds[place] = 'quoted' then false
            when regexp_matches(sentence, '[0-9]|[a-z]_[a-z]|\w\.[a-z]{2,4}\b|/\w') then false
            when not matches(sentence, $first_person_list) then false
            when len(list_filter(coalesce(words_read, []), lambda word: contains(lower(sentence), word))) > 1 then false
            -- a title of a few words is no sentence
            when has_result and words_of_results = 0 and counted_words > 3 and (strlen(answer) > 60 or regexp_matches(answer, '[.!?…。！？؟।][^\p{L}\p{N}]*$')) then true
            else len(list_filter(
                regexp_extract_all(strip_accents(lower(sentence)), '[\p{Latin}\p{Cyrillic}]{5,}|\p{Arabic}{4}|[\p{Devanagari}\p{M}]{4,}|\p{Han}{2}|\p{Katakana}{2}|\p{Hangul}{2}'),
                lambda word: contains(asked_for, left(word, 5)) or length(word) > 6 and contains(' ' || asked_for, ' ' || left(word, 4))
            )) > 0
        end) end as on_task,
        list_filter(on_task, lambda sentence: matches(sentence, $disowns_list)) as disowned,
        list_filter(on_task, lambda sentence: case
            when matches(sentence, $tells_past_list) then false
            -- a change may leave things alone
            when has_acted and not (matches(sentence, $withholds_list) or matches(sentence, $withholds_elsewhere_list) or matches(sentence, $disowns_list)) then false
            when explains or matches(sentence, $not_stated_list) or regexp_matches(sentence, $as_wished) then false
            -- a letter may decline, too
            when composes and not (strlen(answer) < 500 and not contains(answer, chr(10)) and (matches(sentence, $composes_list) or matches(sentence, $names_deed_list))) then false
            -- denial and agent in one clause, or a single agent
            when len(list_filter(regexp_split_to_array(sentence, '[,，、،;]\s*'), lambda clause: matches(clause, $negates_list) and matches(clause, $first_person_list))) > 0 then true
            else (matches(sentence, $advises_list) or matches(regexp_replace(sentence, $we, ' ', 'g'), $first_person_list)) and (
                (matches(sentence, $negates_list) or matches(sentence, $withholds_list) or matches(sentence, $withholds_elsewhere_list)) or matches(sentence, $declines_list) or matches(sentence, $advises_list)
                or sentence <> sentences[-1] and (matches(sentences[-1], $declines_list) or matches(sentences[-1], $advises_list))
            )
        end) as unwilling,
        -- denials in the present, if no word of a result is in the answer; `we` may be an author
        case when has_result and words_of_results * 8 <= counted_words and strlen(answer) < 700
            and counted_words > 3 and (strlen(answer) > 60 or regexp_matches(answer, '[.!?…。！？؟।][^\p{L}\p{N}]*$'))
            and not matches(answer, $begins_letter_list) then list_filter(
            sentences,
            lambda sentence, place: kinds[place] <> 'quoted' and not regexp_matches(sentence, '[0-9]|[a-z]_[a-z]|\w\.[a-z]{2,4}\b|/\w')
                -- advice on condition, behind what was found
                and (words_of_results = 0 or regexp_matches(regexp_replace(sentence, $conditional, ' '), '\p{L}'))
                and not (matches(sentence, $not_stated_list) or matches(sentence, $is_excused_list))
                and (not composes or matches(sentence, $names_deed_list))
                and (
                    len(list_filter(regexp_split_to_array(sentence, '[,，、،;]\s*'), lambda clause: not matches(clause, $tells_past_list) and (
                        (matches(clause, $withholds_list) or matches(clause, $withholds_elsewhere_list))
                        or not has_acted and matches(clause, $negates_list) and (matches(clause, $first_person_list) or matches(clause, $names_agent_list))
                        or not has_acted and matches(clause, $negates_list) and (matches(sentence, $shields_list) or matches(sentence, $shields_elsewhere_list))
                    ))) > 0
                    and (
                        (matches(regexp_replace(sentence, $we, ' ', 'g'), $first_person_list) or matches(regexp_replace(sentence, $we, ' ', 'g'), $names_agent_list))
                        or kinds[place] <> 'says' and matches(sentence, $first_person_list)
                        or strlen(answer) < 450 and (matches(sentence, $shields_list) or matches(sentence, $shields_elsewhere_list) or matches(sentence, $hands_over_list))
                        or strlen(answer) < 300 and list_contains(kinds, 'advises') and matches(sentence, $declines_list)
                    )
                    or strlen(answer) < 450 and matches(sentence, $hands_over_list) and not matches(sentence, $tells_past_list)
                    and (kinds[place] <> 'says' or (matches(sentence, $shields_list) or matches(sentence, $shields_elsewhere_list) or matches(sentence, $declines_list) or matches(sentence, $first_person_list)))
                )
        ) end as withheld,
        -- the whole answer is quotations: messages for others
        matches(instruction, $asks_for_text_list) and (matches(instruction, $regrets_list) or matches(answer, $begins_letter_list))
            or regexp_full_match(answer, '\s*(\W{0,3}(\d+[.)]\s*)?["“«„「][^"”»“」]{12,}["”»“」]\W*)+') as asks_for_it,
        -- a rule of the system prompt that orders to refuse, with a word of the task or the refusal
        len(list_filter(regexp_split_to_array(system, '[.;!。\n]+'), lambda rule: (regexp_matches(rule, $orders_refusal) or matches(rule, $negates_list)) and len(list_filter(
            regexp_extract_all(strip_accents(lower(rule)), '[\p{Latin}\p{Cyrillic}]{5,}|\p{Arabic}{4}|[\p{Devanagari}\p{M}]{4,}|\p{Han}{2}|\p{Katakana}{2}|\p{Hangul}{2}'),
            lambda word: contains(asked_for, left(word, 5)) or contains(strip_accents(lower(answer)), left(word, 5))
        )) > 0)) > 0 or matches(instruction, $asks_for_harm_list) as is_forbidden,
        -- refusals by their own words; not for want of a result, and not by the user's wish
        list_filter(sentences, lambda sentence, place:
            kinds[place] <> 'quoted'
            and (matches(sentence, $abstains_list) or matches(sentence, $abstains_elsewhere_list)
                -- the end of a short answer, in no word of a result and with no figure
                or place >= len(sentences) - 1 and not found_nothing and not has_acted and (not composes or matches(sentence, $names_deed_list))
                    and len(list_filter(words_read, lambda word: contains(lower(sentence), word))) = 0
                    and not regexp_matches(sentence, '[0-9]|[a-z]_[a-z]|\w\.[a-z]{2,4}\b|/\w')
                    and matches(regexp_replace(sentence, $conditional, ' '), $hands_back_list))
            and not matches(concat_ws(' ', case when place > 1 then sentences[place - 1] end, sentence), $not_stated_list)
            and not regexp_matches(sentence, $as_wished)
            and (not composes or matches(sentence, $composes_list) or strlen(answer) < 1000)
        ) as abstained
    from sorted
),

judged as (
    select
        trajectory_id,
        case
            when answer is null or is_truth then case when coalesce(guesses, false) then 'guess' else 'ok' end
            when coalesce(asks_for_it, false) then 'ok'
            when refuses and not (
                is_forbidden or
                -- with a reason: nothing was found, or a result forbids it
                has_result and touched > 0 and matches(answer, $names_rules_list) and not matches(denied, $speaks_as_model_list)
                or (found_nothing or grounded > 0 and kinds[-1] <> 'refuses') and matches(answer, $gives_reason_list) and not matches(denied, $speaks_as_model_list)
                -- the results lack it, and the rest of the answer is from them
                or (is_specific or coalesce(touched > 0, false)) and matches(denied_after, $not_stated_list) and not matches(denied, $speaks_as_model_list)
                or (is_specific and kinds[-1] <> 'refuses' or grounded > 0 and regexp_matches(answer, $yes_or_no))
                and not matches(denied, $speaks_as_model_list)
            ) then 'refusal'
            when
                len(abstained) > 0
                and is_served
                and not is_forbidden
                and not (has_result and touched > 0 and matches(array_to_string(abstained, ' '), $names_rules_list))
                and not (matches(system, $names_rules_list) or regexp_matches(system, $orders_refusal))
            then 'refusal'
            -- a denial, and no word of a result
            when
                len(withheld) > 0
                and not found_nothing
                and not is_forbidden
                and not regexp_matches(answer, $yes_or_no)
                and not (matches(system, $names_rules_list) or regexp_matches(system, $orders_refusal))
                and not (touched > 0 and matches(answer, $names_rules_list))
            then case when list_contains(kinds, 'gives_up') and not list_contains(kinds, 'refuses') then 'gave_up' else 'refusal' end
            -- the task's own words in a sentence that disowns the deed, or denies it now and here
            when case
                when len(disowned) = 0 and (found_nothing or matches(instruction, $negates_list) or regexp_matches(answer, $yes_or_no)) then false
                when len(disowned) > 0 or len(unwilling) > 0
                    then not coalesce(has_result and touched > 0 and matches(case when len(disowned) > 0 then disowned[1] else answer end, $names_rules_list), false)
                        and not (is_forbidden or matches(system, $names_rules_list) or regexp_matches(system, $orders_refusal))
            end then case when len(disowned) = 0 and list_contains(kinds, 'gives_up') and not list_contains(kinds, 'refuses') then 'gave_up' else 'refusal' end
            when
                grounded = 0
                and has_result
                and not found_nothing
                and strlen(answer) < 600
                and not regexp_matches(answer, '\p{N}')
                and not matches(instruction, $composes_list)
                and not regexp_matches(answer, $yes_or_no)
                and not is_forbidden
                and matches(answer, $declines_list)
            then 'refusal'
            -- short words on the request, and none of a result
            when
                words_of_results * 4 <= counted_words
                and has_result
                and not found_nothing
                and strlen(answer) < 200
                and not regexp_matches(answer, '\p{N}')
                and not is_forbidden
                and matches(answer, $names_request_list)
                and matches(answer, $first_person_list)
                and not matches(instruction, $composes_list)
                and not matches(instruction, $names_request_list)
                and not regexp_matches(answer, $yes_or_no)
            then 'refusal'
            when
                gives_up
                and not is_forbidden
                and not has_acted
                and not (
                    coalesce(grounded, 0) > 0
                    and matches(instruction, $asks_for_changes_list)
                    and not matches(instruction, $asks_a_question_list)
                )
                and not is_specific
                and strlen(said) < 24
                and not (found_nothing and matches(instruction, $asks_if_there_list) and not matches(denied, $lacks_answer_list))
                and not (has_result and touched > 0 and matches(denied, $names_rules_list))
            then 'gave_up'
            when
                coalesce(guesses, false)
                or regexp_matches(left(answer, 240), '(?i)\b((my|a) (best|educated|wild|rough) guess|i(''d| would|''ll)? (just )?guess\b|(just|only) a guess)')
            then 'guess'
            else 'ok'
        end as reason
    from weighed
)

select trajectory_id, reason = 'ok' as keep, reason, null as value
from judged
