-- one row an attempt that is still to be made, the longest expected first
with past as (
    select tasks.domain, tasks.hops, avg(trajectories.n_turns) as turns
    from trajectories
    join tasks using (task_id)
    where trajectories.status <> 'aborted'
    group by tasks.domain, tasks.hops
)
select attempts.sample, tasks.* exclude (date)
from attempts
join tasks using (task_id)
left join past on past.domain = tasks.domain and past.hops = tasks.hops
where attempts.trajectory_id not in (select trajectory_id from trajectories)
order by
    coalesce(past.turns, tasks.hops + 1) desc,
    tasks.hops desc,
    tasks.max_turns desc,
    attempts.trajectory_id
