-- one row per planned attempt without a trajectory, the longest expected first
-- without the setup and the hidden truth of its task: those of a whole night do not fit in memory
with past as (
    select tasks.domain, tasks.composer, tasks.hops, sum(trajectories.n_tokens) as tokens, count(*) as n
    from trajectories
    join tasks using (task_id)
    where trajectories.status <> 'aborted' and trajectories.ids is distinct from 'none'
    group by tasks.domain, tasks.composer, tasks.hops
),

alike as (
    select domain, composer, sum(tokens) / sum(n) as tokens
    from past
    group by domain, composer
)

select
    attempts.sample,
    coalesce(past.tokens / past.n, alike.tokens)::integer as expected_tokens,
    tasks.* exclude (date, setup)
from attempts
join tasks using (task_id)
left join past
    on past.domain = tasks.domain and past.composer = tasks.composer and past.hops = tasks.hops
left join alike
    on alike.domain = tasks.domain and alike.composer = tasks.composer
where
    attempts.trajectory_id not in (select trajectory_id from trajectories)
    -- imported tasks bring their attempts with them; an interrupted import is resumed by the import command
    and tasks.composer <> 'import'
order by
    expected_tokens desc nulls last,
    tasks.hops desc,
    tasks.max_turns desc,
    tasks.task_id,
    attempts.sample
