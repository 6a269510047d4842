-- one row a task that some attempts solve and some do not: what reinforcement learning can learn from
with judged as (
    select
        trajectories.task_id,
        count(*) as attempts,
        count(*) filter (verdicts.passed) as passes
    from trajectories
    join verdicts using (trajectory_id)
    join tasks using (task_id)
    where verdicts.turn_index is null
        and verdicts.verifier = tasks.verifiers[1]
        and trajectories.status <> 'aborted'
    group by trajectories.task_id
),

offered as (
    select task_id, any_value(tools) as tools, any_value(system) as system
    from trajectories
    group by task_id
)

select
    tasks.task_id,
    tasks.domain,
    offered.system,
    tasks.instruction,
    tasks.answer,
    tasks.verifiers,
    tasks.setup,
    offered.tools,
    list_transform(tasks.path, lambda hop: hop.url) as urls,
    tasks.max_turns,
    tasks.max_tokens,
    judged.attempts,
    judged.passes,
    judged.passes / judged.attempts as pass_rate,
    tasks.hops,
    tasks.composer
from judged
join tasks using (task_id)
join offered using (task_id)
where judged.passes > 0 and judged.passes < judged.attempts
    and tasks.task_id not in (
        select trajectories.task_id from withdrawn join trajectories using (trajectory_id)
    )
order by tasks.task_id
