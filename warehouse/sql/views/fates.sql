-- one row per attempt, planned or delegated: its fate (published, rejected, unfinished) and the reason
with released as (
    select distinct trajectory_id from published
),

traced as (
    select
        attempts.trajectory_id,
        attempts.task_id,
        attempts.sample,
        attempts.domain,
        attempts.run_id,
        attempts.composer = 'unknown' as task_lost,
        trajectories.status,
        trajectories.error,
        unfinished.reason as stop_reason,
        decisions.kept,
        decisions.reasons,
        released.trajectory_id is not null as released,
        coalesce(trajectories.n_tokens, unfinished.n_tokens, 0) as n_tokens
    from attempts
    left join trajectories using (trajectory_id)
    left join unfinished using (trajectory_id)
    left join decisions using (trajectory_id)
    left join released using (trajectory_id)
),

judged as (
    select
        *,
        case
            when status is null then 'unfinished'
            when status = 'aborted' then 'unfinished'
            when kept is null then 'unfinished'
            when not kept then 'rejected'
            when released then 'published'
            else 'unfinished'
        end as fate,
        case
            when status is null then coalesce(stop_reason, 'pending')
            when status = 'aborted' then 'aborted:' || coalesce(error, 'unknown')
            when kept is null then 'not_refined'
            when kept and task_lost and not released then 'task_lost'
            when not kept then reasons[1]
            when released then 'published'
            else 'not_published'
        end as reason
    from traced
)

select trajectory_id, task_id, sample, domain, run_id, fate, reason, status, n_tokens
from judged
