-- one row per domain, teacher and engine: attempts, tokens, the share that is right and the share that is kept
-- question: Which teacher does better?
select
    trajectories.domain,
    trajectories.teacher_model,
    trajectories.engine,
    count(*) as attempts,
    round(avg(trajectories.n_tokens))::bigint as mean_tokens,
    avg(trajectories.n_tool_calls) as mean_calls,
    avg(json_extract(decisions.gates, '/outcome/keep')::boolean::int) as pass_rate,
    avg(decisions.kept::int) as share_kept
from trajectories
left join decisions using (trajectory_id)
where trajectories.status <> 'aborted' and trajectories.parent_id is null
group by all
order by trajectories.domain, pass_rate desc nulls last, trajectories.teacher_model
