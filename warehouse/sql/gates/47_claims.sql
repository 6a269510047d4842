-- one row per trajectory: refuses attempts whose last words claim tests, runs, changes, searches or messages that no call made
-- without it: a student learns to report work instead of doing it. A task without a change to make excuses words on changes, and a
-- result that reports passed tests stands for a run of them
with deeds as (
    select
        trajectory_id,
        coalesce(arg_max(claimed_deeds, index) filter (claimed_deeds is not null), []) as claimed,
        coalesce(list_distinct(flatten(list(shown_deeds))), []) as shown,
        -- a change that no call looked at again
        coalesce(
            max(index) filter (list_contains(shown_deeds, 'acted')) > coalesce(max(index) filter (list_contains(shown_deeds, 'read')), -1), false
        ) as is_unseen
    from turn_facts
    semi join candidates using (trajectory_id)
    group by trajectory_id
),

unshown as (
    select
        candidates.trajectory_id,
        -- the task's own words: a passage that it quotes orders nothing
        regexp_replace(candidates.instruction, $quoted, ' ', 'g') as unquoted,
        -- neither a question nor a request to tell
        not regexp_matches(candidates.instruction, '[?？؟]') and not matches(candidates.instruction, $asks_a_question_list)
            and not matches(candidates.instruction, $composes_list) and not matches(candidates.instruction, $asks_for_fact_list) as is_order,
        -- a number that the order does not hold
        len(list_filter(regexp_extract_all(candidates.answer, '\d+'), lambda number: not contains(candidates.instruction, number))) > 0 as tells,
        list_filter(deeds.claimed, lambda deed:
            not list_contains(deeds.shown, deed)
            and deed <> 'ordered'
            -- an order, calls that only read, and an answer without a doubt
            and (deed <> 'affirms' or is_order and not tells and list_contains(deeds.shown, 'called') and matches(unquoted, $orders_deed_list))
            and (deed <> 'verified' or deeds.is_unseen)
            and (deed in ('tested', 'searched', 'ran', 'looked') or matches(candidates.instruction, $asks_for_changes_list) or is_order)
            and not (list_contains(deeds.shown, 'reported') and deed in ('wrote', 'done', 'sent', 'pushed', 'ran') and matches(candidates.instruction, $asks_a_question_list))
            and (deed <> 'done' or not regexp_matches(candidates.instruction, '[?？؟]'))
            and (deed not in ('done', 'sent') or not matches(candidates.instruction, $asks_for_report_list))
            -- a yes or a no reports what was done before
            and (deed <> 'sent' or not (regexp_matches(candidates.instruction, '[?？؟]') and regexp_matches(candidates.answer, $yes_or_no)))
        ) as deeds
    from candidates
    left join deeds using (trajectory_id)
)

select
    trajectory_id,
    coalesce(len(deeds), 0) = 0 as keep,
    case coalesce(deeds[1], '')
        when '' then 'ok'
        when 'tested' then 'tests_never_run'
        when 'wrote' then 'nothing_written'
        when 'searched' then 'never_searched'
        when 'pushed' then 'never_pushed'
        when 'ran' then 'never_run'
        when 'looked' then 'never_run'
        when 'verified' then 'never_verified'
        when 'done' then 'nothing_done'
        when 'affirms' then 'nothing_done'
        else 'never_sent'
    end as reason,
    coalesce(len(deeds), 0) as value
from unshown
