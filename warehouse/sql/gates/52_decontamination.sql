-- one row a trajectory: does its task, its answer or a query hold 13 words on end of a benchmark, or the whole of a shorter item
-- without it: a student that is trained on the release is measured on what it has seen. Pages that were read do not count
with worst as (
    select
        trajectory_id,
        arg_min(field, case field when 'instruction' then 1 when 'answer' then 2 else 3 end) as field,
        max(n_words) as n_words
    from overlap_spans
    group by trajectory_id
)

select
    candidates.trajectory_id,
    worst.n_words is null as keep,
    coalesce('in_' || worst.field, 'ok') as reason,
    coalesce(worst.n_words, 0) as value
from candidates
left join worst using (trajectory_id)
