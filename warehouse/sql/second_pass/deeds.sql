-- one row per turn that shows deeds which the agent claims in its last words: calls that run tests, write, search or send, and
-- results that report passed tests
with claimed as (
    select part, trajectory_id, list_distinct(flatten(list(claimed_deeds))) as deeds
    from sketched_rows
    where len(claimed_deeds) > 0
    group by part, trajectory_id
),

shown as (
    select
        turn_part.part,
        turn_part.row,
        list_filter([
            case
                when not list_contains(deeds, 'tested') then null
                when role = 'tool' and regexp_matches(observation, '(?i)\d+ (tests? )?pass|tests? pass|passed|all (checks|tests)|build success|\bok\b|\bgreen\b') then 'tested'
                when role = 'assistant' and regexp_matches(tool_calls, $did_test) then 'tested'
            end,
            case when role = 'assistant' and list_contains(deeds, 'wrote') and not regexp_matches(tool_calls, $only_reads) then 'wrote' end,
            case when role = 'assistant' and list_contains(deeds, 'searched') and regexp_matches(tool_calls, $did_search) then 'searched' end,
            case when role = 'assistant' and list_contains(deeds, 'sent') and regexp_matches(tool_calls, $did_send) then 'sent' end,
            case when role = 'assistant' and list_contains(deeds, 'pushed') and regexp_matches(tool_calls, $did_push) then 'pushed' end,
            case when role = 'assistant' and list_contains(deeds, 'ran') and regexp_matches(tool_calls, $did_run) then 'ran' end
        ], lambda deed: deed is not null) as shown_deeds
    from turn_part
    join claimed using (part, trajectory_id)
    where role = 'tool' or tool_calls is not null
)

select part, row, shown_deeds
from shown
where len(shown_deeds) > 0
