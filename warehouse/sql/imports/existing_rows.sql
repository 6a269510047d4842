-- one row per imported row: its keys, its task and sample, its trajectory (null if an import was cut off), its verdicts
with judged as (
    select trajectory_id, list(distinct {verifier: verifier, passed: passed}) as verdicts
    from verdicts
    where turn_index is null and judge_model is null
    group by trajectory_id
)

select
    imports.row_id,
    imports.row_key,
    imports.file_sha256,
    imports.row,
    imports.task_id,
    imports.sample,
    trajectories.trajectory_id,
    coalesce(judged.verdicts, []) as verdicts,
    imports.format,
    coalesce(trajectories.domain, '') as domain
from imports
left join trajectories using (trajectory_id)
left join judged using (trajectory_id)
where imports.status = 'imported'
