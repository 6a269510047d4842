-- one row per trajectory: refuses calls that break the JSON Schemas of the offered tools
-- without it: a student learns calls that its own tools refuse. A small share of calls that the tool refused is kept: they teach recovery
with offers as (
    select tools, row_number() over () as offer
    from (
        select distinct trajectories.tools
        from trajectories
        semi join candidates using (trajectory_id)
    )
),

offered_to as (
    select trajectories.trajectory_id, offers.offer
    from trajectories
    semi join candidates using (trajectory_id)
    join offers using (tools)
),

offered as (
    select
        offer,
        coalesce(json_extract(tool, '$.function'), tool) as tool
    from (
        select offer, unnest(json_extract(case when json_valid(tools) then tools else '[]' end, '$[*]')) as tool
        from offers
    )
),

schemas as (
    select
        offer,
        json_extract_string(tool, '$.name') as tool,
        any_value(coalesce(json_extract(tool, '$.parameters'), json_extract(tool, '$.input_schema'), '{}'::json)) as schema
    from offered
    group by all
),

-- each call with its arguments, which the sketch does not store
calls_written as (
    select trajectory_id, index, unnest(from_json(tool_calls, '[{"id": "VARCHAR", "name": "VARCHAR", "arguments": "JSON"}]')) as call
    from turn_texts
    semi join candidates using (trajectory_id)
    where role = 'assistant' and parse = 'ok' and json_valid(tool_calls)
),

checked_calls as (
    select
        calls_written.trajectory_id,
        calls_written.index,
        calls_written.call.id as call_id,
        case
            when schemas.tool is null then 'unknown_tool'
            when coalesce(json_type(calls_written.call.arguments), 'NULL') <> 'OBJECT' then 'not_an_object'
            else argument_fault(schemas.schema::varchar, calls_written.call.arguments::varchar)
        end as fault
    from calls_written
    join offered_to using (trajectory_id)
    left join schemas on schemas.offer = offered_to.offer and schemas.tool = calls_written.call.name
),

unfit as (
    select *
    from checked_calls
    where fault is not null
),

responses as (
    select trajectory_id, tool_call_id, index, bool_or(kind in ('ok', 'truncated')) as served
    from turn_facts
    semi join unfit using (trajectory_id)
    where role = 'tool'
    group by all
),

faults as (
    select
        unfit.trajectory_id,
        count(*) as unfit,
        count(*) filter (responses.served) as served,
        min(unfit.fault) as fault
    from unfit
    asof left join responses
        on responses.trajectory_id = unfit.trajectory_id
        and responses.tool_call_id = unfit.call_id
        and responses.index > unfit.index
    group by unfit.trajectory_id
),

counted as (
    select trajectory_id, count(*) as calls
    from checked_calls
    group by trajectory_id
)

select
    candidates.trajectory_id,
    coalesce(served = 0 and unfit <= $max_invalid_call_share * calls, true) as keep,
    case when keep then 'ok' when served > 0 then 'served:' || fault else fault end as reason,
    coalesce(unfit, 0) as value
from candidates
left join counted using (trajectory_id)
left join faults using (trajectory_id)
