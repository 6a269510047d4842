-- one row per attempt without a trajectory: its progress, and the reason why the ending run left it unfinished
select
    attempts.trajectory_id,
    attempts.task_id,
    attempts.sample,
    attempts.domain,
    case
        when progress.aborted then 'aborted_to_retry'
        when coalesce(progress.messages, 0) = 0 then 'not_started'
        else $ending
    end as reason,
    case when progress.aborted then progress.error end as detail,
    coalesce(progress.n_turns, 0) as n_turns,
    coalesce(progress.n_tokens, 0) as n_tokens,
    coalesce(progress.n_sampled_tokens, 0) as n_sampled_tokens
from attempts
left join progress using (trajectory_id)
where attempts.trajectory_id not in (select trajectory_id from trajectories)
order by attempts.trajectory_id
