-- one row per unfinished attempt that no task planned and no repair found lost, or that one run recorded twice
select
    unfinished_parts.trajectory_id,
    unfinished_parts.run_id,
    unfinished_parts.stopped_at,
    count(*) as rows,
    count(attempts.trajectory_id) as planned
from unfinished_parts
left join attempts
    on attempts.trajectory_id = unfinished_parts.trajectory_id
    and attempts.task_id = unfinished_parts.task_id
    and attempts.sample = unfinished_parts.sample
group by all
having rows > 1 or (planned = 0 and any_value(unfinished_parts.reason) not in ('lost', 'task_lost'))
