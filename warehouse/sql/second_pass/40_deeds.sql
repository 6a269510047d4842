-- one row per turn that shows deeds which the agent claims in its last words: calls that run tests, write, search or send, and
-- results that report passed tests
with claimed as (
    select part, trajectory_id, list_distinct(flatten(list(claimed_deeds))) as deeds, coalesce(flatten(list(claimed_files)), []) as files,
        coalesce(flatten(list(claimed_words)), []) as words
    from sketched_rows
    where len(claimed_deeds) > 0
    group by part, trajectory_id
    -- short last words are looked at behind an order only
    having len(list_filter(deeds, lambda deed: deed not in ('ordered', 'affirms'))) > 0 or (list_contains(deeds, 'ordered') and list_contains(deeds, 'affirms'))
),

-- calls without their ids: `call_1` is no call
called as (
    select
        turn_part.part,
        turn_part.row,
        turn_part.role,
        turn_part.observation,
        claimed.deeds,
        claimed.files,
        claimed.words,
        -- an argument may be called `id`, too
        string_split(
            regexp_replace(turn_part.tool_calls, '\{"id": (?:"(?:[^"\\]|\\.)*"|null), "name": ', chr(1) || '"name": ', 'g'), chr(1)
        )[2:] as calls,
        list_filter(calls, lambda call: case
            when regexp_matches(call, $acts_as_well) or matches(call, $acts_by_name_list) and not regexp_matches(call, $reads_by_name)
                then not contains(call, '"command": "view"')
            when matches(call, $only_reads_list) then false
            -- a tool that is named by a thing looks it up, if it is given no more than that
            else not regexp_matches(call, $looks_up) or regexp_matches(call, $runs_code)
        end) as acts
    from turn_part
    join claimed using (part, trajectory_id)
    where turn_part.role = 'tool' or turn_part.tool_calls is not null
),

shown as (
    select
        part,
        row,
        list_filter([
            case
                when not list_contains(deeds, 'tested') then null
                when role = 'tool' and matches(observation, $reports_tests_list) then 'tested'
                when len(list_filter(acts, lambda call: matches(call, $did_test_list))) > 0 then 'tested'
            end,
            -- a run with tests that fail
            case when list_contains(deeds, 'tested') and role = 'tool' and regexp_matches(observation, $counts_failures) then 'failed' end,
            -- of the files that the answer names, a call or a result holds one
            case when list_contains(deeds, 'wrote') and (
                len(acts) > 0 and len(files) = 0
                or len(list_filter(files, lambda file: contains(observation, file) or contains(array_to_string(acts, ' '), file))) > 0
            ) then 'wrote' end,
            case when list_contains(deeds, 'done') and len(acts) > 0 then 'done' end,
            case when list_contains(deeds, 'affirms') and (
                len(acts) > 0
                -- a result that confirms its call
                or role = 'tool' and strlen(observation) < 100 and matches(observation, $confirms_list)
            ) then 'affirms' end,
            case when list_contains(deeds, 'finished') and (len(acts) > 0 or role = 'tool' and strlen(observation) < 100 and matches(observation, $confirms_list)) then 'finished' end,
            case when list_contains(deeds, 'did') and (len(acts) > 0 or role = 'tool' and strlen(observation) < 100 and matches(observation, $confirms_list)) then 'did' end,
            case when (list_contains(deeds, 'affirms') or list_contains(deeds, 'did') or list_contains(deeds, 'finished')) and len(calls) > 0 then 'called' end,
            case when list_contains(deeds, 'searched') and len(list_filter(calls, lambda call: regexp_matches(call, $did_search))) > 0 then 'searched' end,
            case when list_contains(deeds, 'looked') and len(list_filter(calls, lambda call: regexp_matches(call, '(?i)grep|\brg\b|find|shell|bash|exec|run|command|terminal|search|glob|list'))) > 0 then 'looked' end,
            case when list_contains(deeds, 'sent') and len(list_filter(acts, lambda call: matches(call, $did_send_list) and not regexp_matches(call, '"(path|file|file_path|filename|filepath)": '))) > 0 then 'sent' end,
            case when list_contains(deeds, 'deployed') and len(list_filter(acts, lambda call: regexp_matches(call, $did_deploy))) > 0 then 'deployed' end,
            case when list_contains(deeds, 'outside') and len(list_filter(calls, lambda call: regexp_matches(call, $did_outside))) > 0 then 'outside' end,
            case when list_contains(deeds, 'pushed') and len(list_filter(acts, lambda call: regexp_matches(call, $did_push))) > 0 then 'pushed' end,
            case when list_contains(deeds, 'executed') and len(list_filter(acts, lambda call: matches(call, $did_run_list) or regexp_matches(call, $did_deploy))) > 0 then 'executed' end,
            case when list_contains(deeds, 'ran') and len(list_filter(acts, lambda call: matches(call, $did_run_list) and (not regexp_full_match(regexp_extract(call, '"(command|cmd)": .*'), $only_writes || '.*') or regexp_matches(call, $runs_after)))) > 0 then 'ran' end,
            -- a call that may show if the work is right, one that only writes a file, and one that reads
            case when list_contains(deeds, 'verified') and len(list_filter(acts, lambda call:
                not matches(call, $writes_files_list) and (not regexp_full_match(regexp_extract(call, '"(command|cmd)": .*'), $only_writes || '.*') or regexp_matches(call, $runs_after))
            )) > 0 then 'verified' end,
            case when list_contains(deeds, 'verified') and len(acts) > 0 then 'acted' end,
            case when role = 'tool' and len(list_filter(words, lambda word: contains(lower(observation), word))) > 0 then 'reported' end,
            case when list_contains(deeds, 'verified') and len(calls) > len(acts) then 'read' end
        ], lambda deed: deed is not null) as shown_deeds
    from called
)

select part, row, shown_deeds
from shown
where len(shown_deeds) > 0
