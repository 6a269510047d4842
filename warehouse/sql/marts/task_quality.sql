-- one row per composed task: its probes, its attempts, and how many of them the newest refine calls solved
with attempted as (
    select
        trajectories.task_id,
        count(*) filter (trajectories.status <> 'aborted') as finished,
        count(*) filter (json_extract_string(decisions.gates, '/outcome/reason') <> 'not_judged') as judged,
        count(*) filter (json_extract(decisions.gates, '/outcome/keep')::boolean) as solved
    from trajectories
    left join decisions using (trajectory_id)
    where parent_id is null
    group by trajectories.task_id
),

counted as (
    select
        tasks.task_id,
        tasks.domain,
        tasks.composer,
        tasks.run_id,
        try_cast(tasks.run_id[:10] as date) as date,
        tasks.answer_form,
        coalesce(json_extract_string(tasks.difficulty, '$.probes.oracle'), 'not_probed') as oracle,
        coalesce(json_extract_string(tasks.difficulty, '$.probes.shortcuts'), 'not_probed') as shortcuts,
        coalesce(json_extract_string(tasks.difficulty, '$.probes.digest'), 'not_probed') as digest,
        coalesce(json_extract_string(tasks.difficulty, '$.probes.canary'), 'not_probed') as canary,
        coalesce(json_extract_string(tasks.difficulty, '$.probes.blind'), 'not_probed') as blind,
        tasks.samples,
        coalesce(attempted.finished, 0) as finished,
        coalesce(attempted.judged, 0) as judged,
        coalesce(attempted.solved, 0) as solved
    from tasks
    left join attempted using (task_id)
    where tasks.composer <> 'import'
)

select
    *,
    solved / nullif(judged, 0) as pass_rate,
    case
        when finished = 0 then 'not_attempted'
        when judged = 0 then 'not_judged'
        when solved = 0 then 'never_solved'
        when solved = judged then 'always_solved'
        else 'sometimes_solved'
    end as status
from counted
