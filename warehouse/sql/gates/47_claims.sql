-- one row per trajectory: refuses attempts whose last words claim tests, runs, changes, searches or messages that no call made
-- without it: a student learns to report work instead of doing it. A task without a change to make excuses words on changes, and a
-- result that reports passed tests stands for a run of them
with deeds as (
    select
        trajectory_id,
        coalesce(arg_max(claimed_deeds, index) filter (claimed_deeds is not null), []) as claimed,
        coalesce(list_distinct(flatten(list(shown_deeds))), []) as shown,
        count(*) filter (len(parsed_calls) > 0) > 0 as has_called,
        -- the last run of the tests failed
        coalesce(max(index) filter (list_contains(shown_deeds, 'failed')) >= max(index) filter (list_contains(shown_deeds, 'tested')), false) as has_failed,
        -- a change that no call looked at again
        coalesce(
            max(index) filter (list_contains(shown_deeds, 'acted')) > coalesce(max(index) filter (list_contains(shown_deeds, 'read')), -1), false
        ) as is_unseen
    from turn_facts
    semi join candidates using (trajectory_id)
    group by trajectory_id
),

-- attempts that make the same call again: they watch something, or take readings
watched as (
    select distinct trajectory_id
    from made_calls
    group by trajectory_id, call_hash
    having count(*) > 1
),

unshown as (
    select
        candidates.trajectory_id,
        -- the task's own words: a passage that it quotes orders nothing
        regexp_replace(candidates.instruction, $quoted, ' ', 'g') as unquoted,
        -- neither a question nor a request to tell
        not regexp_matches(candidates.instruction, '[?？؟]') and not matches(candidates.instruction, $asks_a_question_list)
            and not matches(candidates.instruction, $composes_list) and not matches(candidates.instruction, $asks_for_fact_list) as is_order,
        -- numbers that the order does not hold: many of them come from a result
        len(list_filter(regexp_extract_all(candidates.answer, '(?:^|[^\p{L}\d_])(\d[\d.,:]*)', 1), lambda number: not contains(candidates.instruction, number))) as new_numbers,
        new_numbers > 2 as tells,
        -- stems of the answer, in pairs of letters where no spaces part words: the report of an order carried out repeats its words
        list_distinct(list_concat(
            list_transform(
                regexp_extract_all(lower(candidates.answer), '[\p{Latin}\p{Cyrillic}\p{Greek}\p{Arabic}\p{Devanagari}\p{M}]{4,}'),
                lambda word: left(regexp_replace(word, '^(ab|an|auf|aus|ein|um|zu|vor|mit|her|hin|weg|los|op|uit|in|af)?ge(\p{L}{4})', '\2'), least(6, greatest(case when regexp_matches(word, '^\p{Latin}') then 4 else 3 end, length(word) - 2)))
            ),
            regexp_extract_all(candidates.answer, '\p{Hangul}{2}|\p{Han}{2}|[\p{Katakana}ー]{2}'),
            regexp_extract_all(regexp_replace(candidates.answer, '\p{Han}(\p{Han}+)', '\1', 'g'), '\p{Han}{2}')
        )) as stems,
        -- a word that only a quoted passage holds is not one of the order: it counts neither way
        list_filter(stems, lambda stem: contains(lower(unquoted), stem) or not contains(lower(candidates.instruction), stem)) as own_stems,
        -- by length: a long word weighs more
        list_sum(list_transform(own_stems, lambda stem: case when contains(lower(unquoted), stem) then length(stem) else 0 end)) as repeated,
        list_sum(list_transform(own_stems, lambda stem: length(stem))) as spoken,
        length(candidates.answer) < 300
            and repeated >= spoken * case when matches(unquoted, $asks_for_changes_list) then 0.34 else 0.5 end
            and not matches(candidates.instruction, $asks_for_telling_list) as restates,
        -- ordered tables, lists and code
        regexp_matches(candidates.answer, '\n\s*(\||[-*•] |\d+[.)] )|```') as is_listed,
        matches(unquoted, $orders_deed_list) as orders,
        -- with no call at all, only an order that needs one
        deeds.shown,
        list_contains(deeds.shown, 'called')
            or orders and repeated >= 0.5 * spoken and length(candidates.answer) < 120 and not regexp_matches(candidates.instruction, '["“«„「:：\n]') as could_act,
        watched.trajectory_id is not null
            or matches(candidates.instruction, $waits_list)
            or matches(candidates.instruction, $takes_readings_list) and new_numbers > 0 as only_watches,
        -- a text that was ordered, advice with its code, or a sheet: with no call at all, its deeds are those of others
        not deeds.has_called and (
            matches(candidates.instruction, $composes_list) or matches(candidates.instruction, $asks_how_list) or matches(candidates.instruction, $asks_for_telling_list)
            or contains(candidates.answer, '```') or length(candidates.answer) > 400
            or length(candidates.answer) > 200 and regexp_matches(candidates.instruction, '["“«„「:：\n]')
        ) as is_text,
        list_filter(deeds.claimed, lambda deed:
            (not list_contains(deeds.shown, deed) or deed = 'tested' and deeds.has_failed and not matches(candidates.answer, $negates_list) and not matches(candidates.answer, $admits_failures_list))
            and deed <> 'ordered'
            and not is_text
            -- an order, calls that only read, and an answer without a doubt
            and (deed <> 'affirms' or is_order and not tells and not only_watches and could_act and (restates and new_numbers = 0 or orders) and not is_listed)
            and (deed <> 'verified' or deeds.is_unseen)
            -- an order to act, calls that only read, and a deed of the agent's in an answer that is no sheet
            and (deed <> 'finished' or is_order and not only_watches and list_contains(deeds.shown, 'called') and length(candidates.answer) < 300 and not is_listed)
            and (deed <> 'did' or orders and list_contains(deeds.shown, 'called') and length(candidates.answer) < 600 and not matches(candidates.instruction, $composes_list))
            and (deed <> 'outside' or not matches(candidates.instruction, $composes_list) and not matches(candidates.instruction, $asks_for_telling_list))
            and not (deed in ('tested', 'ran') and matches(candidates.instruction, $asks_for_meaning_list) and regexp_matches(candidates.instruction, '[?？؟]'))
            and (deed in ('tested', 'verified', 'searched', 'ran', 'looked', 'outside') or matches(candidates.instruction, $asks_for_changes_list) or is_order or orders)
            and not (list_contains(deeds.shown, 'reported') and deed in ('wrote', 'done', 'sent', 'pushed', 'ran', 'executed') and matches(candidates.instruction, $asks_a_question_list))
            and (deed not in ('done', 'deployed', 'executed') or not regexp_matches(candidates.instruction, '[?？؟]'))
            and (deed not in ('done', 'sent') or deed = 'sent' and orders or not matches(candidates.instruction, $asks_for_report_list))
            -- a text that was ordered is in the answer itself
            and (deed <> 'done' or list_contains(deeds.shown, 'called') or not matches(candidates.instruction, $composes_list))
            -- a yes or a no reports what was done before
            and (deed <> 'sent' or not (regexp_matches(candidates.instruction, '[?？؟]') and regexp_matches(candidates.answer, $yes_or_no)))
        ) as deeds
    from candidates
    left join deeds using (trajectory_id)
    left join watched using (trajectory_id)
)

select
    trajectory_id,
    coalesce(len(deeds), 0) = 0 as keep,
    case coalesce(deeds[1], '')
        when '' then 'ok'
        when 'tested' then case when list_contains(shown, 'tested') then 'tests_failed' else 'tests_never_run' end
        when 'wrote' then 'nothing_written'
        when 'searched' then 'never_searched'
        when 'pushed' then 'never_pushed'
        when 'deployed' then 'never_pushed'
        when 'ran' then 'never_run'
        when 'executed' then 'never_run'
        when 'looked' then 'never_run'
        when 'verified' then 'never_verified'
        when 'done' then 'nothing_done'
        when 'affirms' then 'nothing_done'
        when 'did' then 'nothing_done'
        when 'finished' then 'nothing_done'
        else 'never_sent'
    end as reason,
    coalesce(len(deeds), 0) as value
from unshown
