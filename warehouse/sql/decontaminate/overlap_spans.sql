-- one row per trajectory and span: n-grams of one text and one benchmark that overlap or touch, merged
with placed as (
    select
        *,
        max(start + n) over (
            partition by benchmark, id order by start, n rows between unbounded preceding and 1 preceding
        ) as reached
    from hits
),

numbered as (
    select
        *,
        count(*) filter (reached is null or start > reached) over (
            partition by benchmark, id order by start, n rows unbounded preceding
        ) as span
    from placed
),

spans as (
    select benchmark, id, min(start) as start, max(start + n) - min(start) as n_words, arg_min(item, (start, n)) as item
    from numbered
    group by benchmark, id, span
),

owned as (
    select spans.*, checked_texts.owner, checked_texts.field, checked_texts.index, checked_texts.words as hashes
    from spans
    join checked_texts using (id)
)

select candidates.trajectory_id, owned.* exclude (owner)
from owned
join candidates on candidates.trajectory_id = owned.owner
union all
select candidates.trajectory_id, owned.* exclude (owner)
from owned
join candidates on candidates.task_id = owned.owner
union all
select trajectories.trajectory_id, owned.* exclude (owner)
from owned
join trajectories on md5(trajectories.system) = owned.owner
semi join candidates using (trajectory_id)
