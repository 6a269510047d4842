-- one row per text to check for benchmark overlaps: a task's instruction or answer, a trajectory's answer, an argument of a call
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

hashed as (
    select owner, field, index, word_hashes(text) as words
    from texts
    where $decontaminating and text <> ''
    union all
    select trajectory_id, 'query', index, unnest(argument_words)
    from turn_facts
    semi join candidates using (trajectory_id)
    where argument_words is not null
)

select row_number() over () - 1 as id, *
from hashed
where len(words) > 0
