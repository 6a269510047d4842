-- one row per turn that shows deeds which the agent claims in its last words: calls that run tests, write, search or send, and
-- results that report passed tests
with claimed as (
    select part, trajectory_id, list_distinct(flatten(list(claimed_deeds))) as deeds, coalesce(flatten(list(claimed_files)), []) as files
    from sketched_rows
    where len(claimed_deeds) > 0
    group by part, trajectory_id
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
        list_transform(
            string_split(turn_part.tool_calls, '{"id": ')[2:], lambda call: regexp_replace(call, '^("(?:[^"\\]|\\.)*"|null), ', '')
        ) as calls,
        list_filter(calls, lambda call: not matches(call, $only_reads_list)) as acts
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
            -- of the files that the answer names, a call or a result holds one
            case when list_contains(deeds, 'wrote') and (
                len(acts) > 0 and len(files) = 0
                or len(list_filter(files, lambda file: contains(observation, file) or contains(array_to_string(acts, ' '), file))) > 0
            ) then 'wrote' end,
            case when list_contains(deeds, 'done') and len(acts) > 0 then 'done' end,
            case when list_contains(deeds, 'searched') and len(list_filter(calls, lambda call: regexp_matches(call, $did_search))) > 0 then 'searched' end,
            case when list_contains(deeds, 'looked') and len(list_filter(calls, lambda call: regexp_matches(call, '(?i)grep|\brg\b|find|shell|bash|exec|run|command|terminal|search|glob|list'))) > 0 then 'looked' end,
            case when list_contains(deeds, 'sent') and len(list_filter(acts, lambda call: matches(call, $did_send_list))) > 0 then 'sent' end,
            case when list_contains(deeds, 'pushed') and len(list_filter(acts, lambda call: regexp_matches(call, $did_push))) > 0 then 'pushed' end,
            case when list_contains(deeds, 'ran') and len(list_filter(acts, lambda call: matches(call, $did_run_list) and not regexp_full_match(regexp_extract(call, '"(command|cmd)": .*'), $only_writes || '.*'))) > 0 then 'ran' end
        ], lambda deed: deed is not null) as shown_deeds
    from called
)

select part, row, shown_deeds
from shown
where len(shown_deeds) > 0
