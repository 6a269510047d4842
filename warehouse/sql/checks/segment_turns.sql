-- one row per segment that is not whole: out of order, opened otherwise than by system and user, or with a copy that differs from its original
with compacted as (
    select distinct trajectory_id from stream_turns where segment > 0 or copy_of is not null
),

placed as (
    select
        trajectory_id,
        index,
        segment,
        role,
        copy_of,
        sampled,
        logprobs,
        token_ids,
        hash(role, content, reasoning, tool_calls) as said,
        observation,
        bytes_dropped,
        lag(segment) over sequence as segment_before,
        row_number() over (partition by trajectory_id, segment order by index) - 1 as place,
        max(index) filter (copy_of is not null) over (partition by trajectory_id, segment) as last_copy,
        min(role) filter (index = 0) over (partition by trajectory_id) = 'system' as has_system
    from stream_turns
    semi join compacted using (trajectory_id)
    window sequence as (partition by trajectory_id order by index)
),

faults as (
    select
        copy.trajectory_id,
        copy.segment,
        copy.index,
        case
            when copy.segment not in (coalesce(copy.segment_before, 0), coalesce(copy.segment_before, -1) + 1) then 'segment_missing'
            when copy.segment = 0 and copy.copy_of is not null then 'copy_in_first_segment'
            when copy.segment > 0 and copy.place = 0 and copy.has_system and copy.role <> 'system' then 'no_system'
            when copy.segment > 0 and copy.place = copy.has_system::integer and copy.role <> 'user' then 'no_task'
            when copy.copy_of is null and copy.index < copy.last_copy and copy.place > copy.has_system::integer then 'copy_out_of_place'
            when copy.copy_of is null then null
            when original.index is null or original.segment >= copy.segment or original.copy_of is not null then 'no_original'
            -- the ids around those that the teacher sampled are the template's; an evicted result has lost its text
            when original.said <> copy.said
                or copy.token_ids[len(copy.token_ids) - len(original.logprobs) + 1:]
                    <> original.token_ids[len(original.token_ids) - len(original.logprobs) + 1:]
                or (copy.observation is distinct from original.observation and copy.bytes_dropped <= original.bytes_dropped)
            then 'copy_differs'
            when list_bool_or(copy.sampled) or len(copy.logprobs) > 0 then 'copy_is_sampled'
        end as fault
    from placed as copy
    left join placed as original on original.trajectory_id = copy.trajectory_id and original.index = copy.copy_of
    where copy.segment > 0 or copy.copy_of is not null or copy.segment_before is distinct from copy.segment
),

counted as (
    select trajectory_id, max(segment) + 1 as found
    from stream_turns
    group by trajectory_id
)

select trajectory_id, segment, min(index) as index, arg_min(fault, index) as fault
from faults
where fault is not null
group by trajectory_id, segment
union all
select trajectory_id, found - 1, null, 'other_number_of_segments'
from counted
join trajectories using (trajectory_id)
where found <> coalesce(n_segments, 1)
