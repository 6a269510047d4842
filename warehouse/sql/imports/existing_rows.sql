-- one row per imported row: its id, its task, its sample number, and the names of the verifiers that judged it
with judged as (
    select trajectory_id, list(distinct verifier order by verifier) as verifiers
    from verdicts
    where turn_index is null
    group by trajectory_id
)

select imports.row_id, imports.task_id, imports.sample, coalesce(judged.verifiers, []) as verifiers
from imports
left join judged using (trajectory_id)
where imports.status = 'imported'
