-- one row per child without its parent, without the parent's call that delegated it, or of another task or sample than its parent
with delegated as (
    select child.trajectory_id, child.parent_id, child.parent_call_id, child.task_id, child.sample, parent.task_id as parent_task, parent.sample as parent_sample
    from trajectories as child
    left join trajectories as parent on parent.trajectory_id = child.parent_id
    where child.parent_id is not null or child.parent_call_id is not null
),

made as (
    select distinct trajectory_id, call_id
    from calls
    where trajectory_id in (select parent_id from delegated)
)

select
    delegated.trajectory_id,
    delegated.parent_id,
    case
        when parent_task is null then 'no_parent'
        when made.call_id is null then 'no_call'
        else 'other_attempt'
    end as fault
from delegated
left join made on made.trajectory_id = delegated.parent_id and made.call_id = delegated.parent_call_id
where parent_task is null or made.call_id is null or parent_task <> delegated.task_id or parent_sample <> delegated.sample
