-- one row per trajectory: refuses conversations whose turns are out of order, or whose calls and results do not match
-- without it: chat templates refuse the row, or a trainer learns from results of calls that were never made
with messages as (
    select
        trajectory_id,
        index,
        role,
        parse,
        tool_call_id,
        coalesce(calls_are_json, true) as calls_are_json,
        lag(role) over sequence as before,
        row_number() over sequence - 1 as place,
        -- copies stand between the opening of a later segment and its first new turn, and are not read here
        segment > 0 or index = coalesce(lag(index) over sequence, -1) + 1 as follows,
        max(index) over (partition by trajectory_id) as final,
        max(case when role = 'assistant' then index end) over sequence as called_at,
        candidates.answered as ended_by_agent,
        trajectories.engine = 'import' as is_imported
    from turn_facts
    join candidates using (trajectory_id)
    join trajectories using (trajectory_id)
    window sequence as (partition by trajectory_id order by index)
),

-- compare the number of ids and the sum of their hashes: the order of results is free
called as (
    select trajectory_id, index, count(*) as calls, sum(hash(coalesce(call_id, ''))) as ids
    from made_calls
    where parse = 'ok'
    group by trajectory_id, index
),

repeated_ids as (
    select distinct later.trajectory_id, later.index
    from made_calls as later
    join made_calls as earlier using (trajectory_id, index, call_id)
    where later.place > 1 and earlier.place < later.place and later.parse = 'ok'
),

answered as (
    select trajectory_id, called_at as index, count(*) as calls, sum(hash(tool_call_id)) as ids
    from messages
    where role = 'tool' and tool_call_id is not null
    group by trajectory_id, called_at
),

unpaired as (
    select
        trajectory_id,
        index,
        case
            when answered.calls is null then 'call_unanswered'
            when called.calls is null then 'answer_without_call'
            else 'answers_do_not_fit_calls'
        end as fault
    from called
    full join answered using (trajectory_id, index)
    left join messages using (trajectory_id, index)
    where
        (called.calls is distinct from answered.calls or called.ids is distinct from answered.ids)
        -- an attempt can end with unanswered calls: it hits a limit, or its last call is the answer
        and not (answered.calls is null and index = messages.final)
),

misplaced as (
    select
        trajectory_id,
        index,
        case
            when not follows then 'turn_missing'
            when not calls_are_json then 'calls_not_json'
            when place = 0 and role = 'tool' then 'opening'
            -- published sets have several system, user or assistant messages on end, which chat templates render
            when place = 0 and role not in ('system', 'user') and not is_imported then 'opening'
            when before = 'system' and place = 1 and role <> 'user' and not is_imported then 'opening'
            when role = 'system' and place > 0 and not is_imported then 'system_out_of_place'
            when role = 'assistant' and before = 'assistant' and not is_imported then 'assistant_after_assistant'
            when role = 'tool' and before not in ('assistant', 'tool') then 'tool_out_of_place'
            when role = 'user' and before = 'user' and not is_imported then 'user_after_user'
            when role not in ('system', 'user', 'assistant', 'tool') then 'unknown_role'
            when index = final and role <> 'assistant' and ended_by_agent then 'ends_without_agent'
        end as fault
    from messages
),

faults as (
    select trajectory_id, index, 1 as weight, fault from misplaced where fault is not null
    union all
    select trajectory_id, index, 2, 'call_ids_repeat' from repeated_ids
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
