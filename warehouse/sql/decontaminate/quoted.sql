-- one row a trajectory and span, with its words, read again from the few texts that hold one
with told as (
    select distinct candidates.trajectory_id, candidates.task_id, overlap_spans.field
    from overlap_spans
    join candidates using (trajectory_id)
),

made as (
    select turns.trajectory_id, turns.index, unnest(from_json(turns.tool_calls, '[{"arguments": "JSON"}]')) as call
    from turns
    where
        turns.role = 'assistant'
        and (turns.trajectory_id, turns.index) in (
            select (trajectory_id, index) from overlap_spans where field = 'query'
        )
),

texts as (
    select told.trajectory_id, told.field, null::bigint as index, tasks.instruction as text
    from told
    join tasks on tasks.task_id = told.task_id
    where told.field = 'instruction'
    union
    select told.trajectory_id, told.field, null, unnest([tasks.answer, trajectories.answer])
    from told
    join trajectories on trajectories.trajectory_id = told.trajectory_id
    left join tasks on tasks.task_id = told.task_id
    where told.field = 'answer'
    union
    select
        trajectory_id,
        'query',
        index,
        unnest(coalesce(
            nullif(json_extract_string(call.arguments, '$.*'), []), [json_extract_string(call.arguments, '$')]
        ))
    from made
)

select
    overlap_spans.trajectory_id,
    overlap_spans.field,
    overlap_spans.index,
    overlap_spans.start,
    overlap_spans.n_words,
    any_value(array_to_string(
        folded(texts.text)[overlap_spans.start + 1:overlap_spans.start + overlap_spans.n_words], ' '
    )) as text,
    overlap_spans.benchmark,
    overlap_spans.item
from overlap_spans
join texts
    on texts.trajectory_id = overlap_spans.trajectory_id
    and texts.field = overlap_spans.field
    and texts.index is not distinct from overlap_spans.index
    and words_of(texts.text) = overlap_spans.hashes
group by all
order by all
