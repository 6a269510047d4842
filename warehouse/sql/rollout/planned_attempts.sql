-- one row per planned attempt without a trajectory, the longest expected first
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
    case
        when hidden.task_id is not null
            then struct_pack(
                task_id := hidden.task_id, goal := hidden.goal, oracle := hidden.oracle, run_id := hidden.run_id
            )
    end as hidden,
    tasks.* exclude (date)
from attempts
join tasks using (task_id)
left join hidden on hidden.task_id = tasks.task_id
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
    attempts.trajectory_id
