-- one row a work and sampled shingle: three words on end that the agent wrote, or that the task says
with pieces as (
    select works.work, works.modulus, false as of_task, content as text
    from turns
    join works using (trajectory_id)
    where turns.role = 'assistant'
    union all
    select works.work, works.modulus, false, reasoning
    from turns
    join works using (trajectory_id)
    where turns.role = 'assistant'
    union all
    select works.work, works.modulus, false, calls.tool || ' ' || calls.arguments
    from calls
    join works using (trajectory_id)
    union all
    select works.work, works.modulus, true, tasks.instruction
    from works
    join tasks using (task_id)
),

worded as (
    select work, modulus, of_task, regexp_extract_all(lower(text), '[\p{L}\p{N}_]+') as words
    from pieces
    where text <> ''
),

hashed as (
    select
        work,
        modulus,
        of_task,
        list_transform(
            range(1, greatest(len(words) - 1, least(len(words) + 1, 2))),
            lambda n: hash(of_task, words[n], coalesce(words[n + 1], ''), coalesce(words[n + 2], ''))
        ) as hashes
    from worded
),

sampled as (
    select distinct work, modulus, of_task, unnest(list_filter(hashes, lambda h: h % modulus = 0)) as shingle
    from hashed
),

shared as (
    select shingle, count(*) as works
    from sampled
    group by shingle
)

select sampled.*
from sampled
join shared using (shingle)
-- what more than 200 share says nothing of two of them
where shared.works <= 200
