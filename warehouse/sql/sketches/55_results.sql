-- one row per turn; adds facts on a tool's result for gates: its hash, its bytes and its fault
with heads as (
    select
        *,
        case when role = 'tool' then left(observation, 400) end as head,
        -- one search finds the few results that the two lists are searched for
        matches(head, $result_failed_list || '|' || $result_nothing_list) as may_be_fault
    from turn_part
)

select
    * exclude (head, may_be_fault),
    case when role = 'tool' then hash(observation) end as result_hash,
    case when role = 'tool' then strlen(observation) end as result_bytes,
    case
        when role <> 'tool' then null
        when kind in ('fault', 'blocked') then 'failed'
        when case when may_be_fault then matches(head, $result_failed_list) end then 'failed'
        when kind = 'empty' or observation is null or regexp_matches(left(head, 60), '^[\s"]*$') then 'empty'
        when case when may_be_fault then matches(left(head, 300), $result_nothing_list) end then 'nothing'
        when strlen(observation) < 120 and not regexp_matches(observation, '\d') and matches(observation, $short_failure_list) then 'failed'
    end as result_fault
from heads
