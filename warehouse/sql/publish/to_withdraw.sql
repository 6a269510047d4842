-- one row a trajectory that a url, or the start of a task's or trajectory's id, means
select trajectory_id
from trajectories
join tasks using (task_id)
where length($asked_for) >= 8 and (starts_with(trajectory_id, $asked_for) or starts_with(task_id, $asked_for))
    or list_contains(list_transform(tasks.path, lambda hop: hop.url), $asked_for)
    or trajectory_id in (
        select trajectory_id
        from turns
        where role = 'tool'
            and starts_with($asked_for, 'http')
            and (url = $asked_for or contains(observation, $asked_for))
    )
order by trajectory_id
