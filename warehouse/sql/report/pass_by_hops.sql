-- one row per domain, composer and number of hops: attempts of the narrowed nights, judged, solved and kept
select
    trajectories.domain,
    tasks.composer,
    tasks.hops,
    count(*) as attempts,
    count(*) filter (json_extract_string(decisions.gates, '/outcome/reason') <> 'not_judged') as judged,
    count(*) filter (json_extract(decisions.gates, '/outcome/keep')::boolean) as solved,
    count(*) filter (decisions.kept) as kept,
    solved / nullif(judged, 0) as pass_rate
from trajectories
join tasks using (task_id)
left join decisions using (trajectory_id)
where trajectories.status <> 'aborted' and trajectories.parent_id is null
group by trajectories.domain, tasks.composer, tasks.hops
order by trajectories.domain, tasks.composer, tasks.hops
