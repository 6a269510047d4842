-- one row per task that repeats an earlier one (nearly the same words, the same answer), with that task
with folded as (
    select
        task_id,
        run_id,
        created_at,
        trim(regexp_replace(lower(coalesce(answer, '')), '[^\p{L}\p{N}]+', ' ', 'g')) as answer,
        string_split(trim(regexp_replace(lower(instruction), '[^\p{L}\p{N}]+', ' ', 'g')), ' ') as words
    from tasks
),

shingled as (
    select
        * exclude (words),
        list_sort(list_distinct(list_transform(
            range(1, greatest(len(words) - 1, 2)),
            lambda n: hash(words[n], words[n + 1], words[n + 2])
        ))) as triples
    from folded
),

-- candidate pairs: each task with the one before it under each of its eight smallest triples, however many share them
candidate_pairs as (
    select
        task_id,
        triples,
        lag(task_id) over earlier as other,
        lag(triples) over earlier as other_triples,
        lag(run_id) over earlier as other_run_id
    from (select *, unnest(triples[:8]) as triple from shingled)
    window earlier as (partition by answer, triple order by created_at, task_id)
),

measured as (
    select
        task_id,
        other as repeats,
        other_run_id as first_run_id,
        len(list_intersect(triples, other_triples))
            / (len(triples) + len(other_triples) - len(list_intersect(triples, other_triples))) as similarity
    from candidate_pairs
    where other is not null
)

select
    measured.task_id,
    arg_max(measured.repeats, (measured.similarity, measured.repeats)) as repeats,
    max(measured.similarity) as similarity,
    any_value(tasks.run_id) as run_id,
    try_cast(any_value(tasks.run_id)[:10] as date) as date,
    arg_max(measured.first_run_id, (measured.similarity, measured.repeats)) as repeats_run_id
from measured
join tasks using (task_id)
where measured.similarity >= 0.7
group by measured.task_id
order by measured.task_id
