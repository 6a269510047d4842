-- one row a trajectory, by itself: do its calls fit the tools that it was offered, as their JSON schemas stand in the row
-- without it: a student learns calls that its own tools will refuse. A few misses that a tool refused are kept: recovering is worth learning
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

rules as (
    select
        offer,
        tool,
        coalesce(json_extract_string(schema, '$.additionalProperties') = 'false', false) as closed,
        json_extract_string(schema, '$.required[*]') as required
    from schemas
),

-- what is checked of a schema: names, types, enum, const and bounds of the arguments, or of one of their anyOf or oneOf.
-- What is not: pattern, format, $ref, allOf, what stands beside anyOf, and what lies inside objects and lists
alternatives as (
    select
        offer,
        tool,
        key as name,
        unnest(coalesce(
            nullif(json_extract(value, '$.anyOf[*]'), []), nullif(json_extract(value, '$.oneOf[*]'), []), [value]
        )) as one
    from schemas, json_each(json_extract(schema, '$.properties'))
),

properties as (
    select
        offer,
        tool,
        name,
        list({
            types: case json_type(one, '$.type')
                when 'VARCHAR' then [json_extract_string(one, '$.type')]
                when 'ARRAY' then json_extract_string(one, '$.type[*]')
            end,
            allowed: list_transform(
                list_filter(
                    list_append(json_extract(one, '$.enum[*]'), json_extract(one, '$.const')), lambda value: value is not null
                ),
                lambda value: hash(value::varchar)
            ),
            least: try_cast(coalesce(
                json_extract_string(one, '$.minLength'), json_extract_string(one, '$.minItems'), json_extract_string(one, '$.minimum')
            ) as double),
            most: try_cast(coalesce(
                json_extract_string(one, '$.maxLength'), json_extract_string(one, '$.maxItems'), json_extract_string(one, '$.maximum')
            ) as double),
            above: try_cast(json_extract_string(one, '$.exclusiveMinimum') as double),
            below: try_cast(json_extract_string(one, '$.exclusiveMaximum') as double)
        }) as alternatives
    from alternatives
    group by all
),

calls_made as (
    select
        made_calls.* exclude (parse, call_hash),
        offered_to.offer,
        rules.tool is not null as known,
        rules.closed,
        len(list_filter(
            rules.required,
            lambda name: not list_contains(list_transform(coalesce(made_calls.arguments, []), lambda one: one.name), name)
        )) > 0 as misses
    from made_calls
    join offered_to using (trajectory_id)
    left join rules on rules.offer = offered_to.offer and rules.tool = made_calls.tool
    where made_calls.parse = 'ok'
),

given as (
    select trajectory_id, index, place, offer, tool, closed, unnest(arguments) as argument
    from calls_made
    where known
),

typed as (
    select
        *,
        case argument.type
            when 'VARCHAR' then ['string']
            when 'BIGINT' then ['integer', 'number']
            when 'UBIGINT' then ['integer', 'number']
            when 'DOUBLE' then case when argument.size = round(argument.size) then ['integer', 'number'] else ['number'] end
            when 'BOOLEAN' then ['boolean']
            when 'OBJECT' then ['object']
            when 'ARRAY' then ['array']
            else ['null']
        end as types
    from given
),

unfit_arguments as (
    select distinct typed.trajectory_id, typed.index, typed.place
    from typed
    left join properties
        on properties.offer = typed.offer
        and properties.tool = typed.tool
        and properties.name = typed.argument.name
    where
        (properties.name is null and typed.closed)
        or len(list_filter(properties.alternatives, lambda one: not coalesce(
            argument.size < one.least
            or argument.size > one.most
            or argument.size <= one.above
            or argument.size >= one.below
            or (len(one.allowed) > 0 and not list_contains(one.allowed, argument.value_hash))
            or not list_has_any(one.types, typed.types),
            false
        ))) = 0
),

unfit as (
    select
        trajectory_id,
        index,
        call_id,
        case
            when not known then 'unknown_tool'
            when coalesce(arguments_type, 'NULL') <> 'OBJECT' then 'not_an_object'
            when misses then 'argument_missing'
            else 'argument_unfit'
        end as fault
    from calls_made
    left join unfit_arguments using (trajectory_id, index, place)
    where not known or arguments_type is distinct from 'OBJECT' or misses or unfit_arguments.place is not null
),

heard as (
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
        count(*) filter (heard.served) as served,
        min(unfit.fault) as fault
    from unfit
    asof left join heard
        on heard.trajectory_id = unfit.trajectory_id
        and heard.tool_call_id = unfit.call_id
        and heard.index > unfit.index
    group by unfit.trajectory_id
),

counted as (
    select trajectory_id, count(*) as calls
    from calls_made
    group by trajectory_id
)

select
    candidates.trajectory_id,
    coalesce(served = 0 and unfit <= $unfit_calls * calls, true) as keep,
    case when keep then 'ok' when served > 0 then 'served:' || fault else fault end as reason,
    coalesce(unfit, 0) as value
from candidates
left join counted using (trajectory_id)
left join faults using (trajectory_id)
