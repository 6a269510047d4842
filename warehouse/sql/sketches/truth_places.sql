-- one row a turn whose text holds the task's true answer as whole words: the question, a page, or what the agent wrote
with texts as (
    select
        turn_part.trajectory_id,
        turn_part.index,
        turn_part.role,
        truths.truth,
        truths.worded,
        case turn_part.role
            when 'tool' then turn_part.observation
            when 'assistant' then concat_ws(chr(10), turn_part.reasoning, turn_part.content, turn_part.tool_calls)
            else turn_part.content
        end as text
    from turn_part
    join truths using (trajectory_id)
    where turn_part.role <> 'system'
),

split as (
    select
        trajectory_id,
        index,
        role,
        worded,
        -- what stands around each place; thirty of them say enough
        case when worded then string_split(text, truth)[:31] end as around
    from texts
    where contains(text, truth)
)

select trajectory_id, index, role
from split
where
    not worded
    or list_bool_or(list_transform(
        range(1, len(around)),
        lambda n:
            not regexp_matches(around[n], '[\p{Latin}\p{Cyrillic}\p{Greek}\p{N}_]$')
            and not regexp_matches(around[n + 1], '^[\p{Latin}\p{Cyrillic}\p{Greek}\p{N}_]')
    ))
