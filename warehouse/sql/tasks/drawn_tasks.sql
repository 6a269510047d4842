-- one row per task for a person to look at, drawn by seed from the composers in turn
with lots as (
    select
        task_id,
        row_number() over (
            partition by composer
            order by sha256(task_id || $seed)
        ) as turn,
        composer
    from task_quality
)

select
    tasks.task_id,
    tasks.domain,
    tasks.composer,
    tasks.instruction,
    coalesce(tasks.answer, hidden.goal) as truth,
    tasks.tools,
    tasks.max_turns,
    task_quality.oracle,
    task_quality.shortcuts,
    task_quality.status
from lots
join tasks using (task_id)
join task_quality using (task_id)
left join hidden using (task_id)
order by lots.turn, lots.composer
limit $n
