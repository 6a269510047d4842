-- one row per trajectory and span, with its words, which are read again from the few texts that hold a span
with overlapping as (
    select distinct candidates.trajectory_id, candidates.task_id, overlap_spans.field
    from overlap_spans
    join candidates using (trajectory_id)
),

calls as (
    select turns.trajectory_id, turns.index, unnest(from_json(turns.tool_calls, '[{"arguments": "JSON"}]')) as call
    from turns
    where
        turns.role = 'assistant'
        and (turns.trajectory_id, turns.index) in (
            select (trajectory_id, index) from overlap_spans where field = 'query'
        )
),

texts as (
    select overlapping.trajectory_id, overlapping.field, null::bigint as index, tasks.instruction as text
    from overlapping
    join tasks on tasks.task_id = overlapping.task_id
    where overlapping.field = 'instruction'
    union
    select overlapping.trajectory_id, overlapping.field, null, unnest([tasks.answer, trajectories.answer])
    from overlapping
    join trajectories on trajectories.trajectory_id = overlapping.trajectory_id
    left join tasks on tasks.task_id = overlapping.task_id
    where overlapping.field = 'answer'
    union
    select trajectory_id, 'system_prompt', null, system
    from trajectories
    where trajectory_id in (select trajectory_id from overlap_spans where field = 'system_prompt')
    union
    select
        trajectory_id,
        if(role = 'system', 'system_prompt', 'agent_words'),
        index,
        case when role = 'system' then content else concat_ws(' ', nullif(reasoning, ''), nullif(content, '')) end
    from turns
    where
        role in ('assistant', 'system')
        and (trajectory_id, index) in (
            select (trajectory_id, index) from overlap_spans where field in ('agent_words', 'system_prompt')
        )
    union
    select
        trajectory_id,
        'query',
        index,
        unnest(coalesce(
            nullif(json_extract_string(call.arguments, '$.*'), []), [json_extract_string(call.arguments, '$')]
        ))
    from calls
)

select
    overlap_spans.trajectory_id,
    overlap_spans.field,
    overlap_spans.index,
    overlap_spans.start,
    overlap_spans.n_words,
    any_value(array_to_string(
        folded_words(texts.text)[overlap_spans.start + 1:overlap_spans.start + overlap_spans.n_words], ' '
    )) as text,
    overlap_spans.benchmark,
    overlap_spans.item
from overlap_spans
join texts
    on texts.trajectory_id = overlap_spans.trajectory_id
    and texts.field = overlap_spans.field
    and texts.index is not distinct from overlap_spans.index
    and word_hashes(texts.text) = overlap_spans.hashes
group by all
order by all
