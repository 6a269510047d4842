-- one row a text that a benchmark must not stand in: the task's instruction, its answers, each argument of each call
with texts as (
    select distinct task_id as owner, 'instruction' as field, null::bigint as index, instruction as text
    from candidates
    union all
    select distinct task_id, 'answer', null, true_answer
    from candidates
    union all
    select trajectory_id, 'answer', null, answer
    from candidates
),

worded as (
    select owner, field, index, words_of(text) as words
    from texts
    where $decontaminating and text <> ''
    union all
    select trajectory_id, 'query', index, unnest(asked)
    from turn_facts
    semi join candidates using (trajectory_id)
    where asked is not null
)

select row_number() over () - 1 as id, *
from worded
where len(words) > 0
