-- one row a trajectory: do its messages stand in an order that a conversation can have, each call with its answer
-- without it: chat templates refuse the row, or a trainer learns to answer calls that were never made
with messages as (
    select
        trajectory_id,
        index,
        role,
        parse,
        tool_call_id,
        coalesce(readable, true) as readable,
        lag(role) over sequence as before,
        row_number() over sequence - 1 as place,
        max(index) over (partition by trajectory_id) as final,
        max(case when role = 'assistant' then index end) over sequence as asked_at
    from turn_facts
    semi join candidates using (trajectory_id)
    window sequence as (partition by trajectory_id order by index)
),

asked as (
    select
        made_calls.trajectory_id,
        made_calls.index,
        list_sort(list(coalesce(made_calls.call_id, ''))) as call_ids,
        count(made_calls.call_id) > count(distinct made_calls.call_id) as repeats
    from made_calls
    semi join candidates using (trajectory_id)
    where made_calls.parse = 'ok'
    group by all
),

answered as (
    select trajectory_id, asked_at as index, list_sort(list(tool_call_id)) as call_ids
    from messages
    where role = 'tool' and tool_call_id is not null
    group by all
),

unpaired as (
    select
        trajectory_id,
        index,
        case
            when answered.call_ids is null then 'call_unanswered'
            when asked.call_ids is null then 'answer_without_call'
            else 'answers_do_not_fit_calls'
        end as fault
    from asked
    full join answered using (trajectory_id, index)
    join candidates using (trajectory_id)
    left join messages using (trajectory_id, index)
    where
        asked.call_ids is distinct from answered.call_ids
        -- what ends an attempt can leave its very last calls unanswered
        and not (answered.call_ids is null and index = messages.final and not candidates.answered)
),

misplaced as (
    select
        trajectory_id,
        index,
        case
            when index <> place then 'turn_missing'
            when not readable then 'calls_not_json'
            when place = 0 and role not in ('system', 'user') then 'opening'
            when before = 'system' and place = 1 and role <> 'user' then 'opening'
            when role = 'system' and place > 0 then 'system_out_of_place'
            when role = 'assistant' and before = 'assistant' then 'assistant_after_assistant'
            when role = 'tool' and before not in ('assistant', 'tool') then 'tool_out_of_place'
            when role = 'user' and before = 'user' then 'user_after_user'
            when role not in ('system', 'user', 'assistant', 'tool') then 'unknown_role'
            when index = final and role <> 'assistant' and candidates.answered then 'ends_without_agent'
        end as fault
    from messages
    join candidates using (trajectory_id)
),

faults as (
    select trajectory_id, index, 1 as weight, fault from misplaced where fault is not null
    union all
    select trajectory_id, index, 2, 'call_ids_repeat' from asked where repeats
    union all
    select trajectory_id, index, 3, fault from unpaired
    union all
    select trajectory_id, 0, 4, 'no_turns' from candidates anti join messages using (trajectory_id)
),

first_fault as (
    select trajectory_id, arg_min(fault, (index, weight)) as fault, min(index) as index
    from faults
    group by trajectory_id
)

select
    candidates.trajectory_id,
    first_fault.fault is null as keep,
    coalesce(first_fault.fault, 'ok') as reason,
    first_fault.index as value
from candidates
left join first_fault using (trajectory_id)
