-- one row per license of the sources of the released trajectories: the number of its pages, tasks and trajectories
select
    coalesce(license, 'none recorded') as license,
    any_value(license_url) as address,
    count(distinct url) as pages,
    count(distinct trajectories.task_id) as tasks,
    count(distinct trajectory_id) as trajectories
from trajectory_licenses
semi join chosen using (trajectory_id)
join trajectories using (trajectory_id)
group by coalesce(license, 'none recorded')
order by license
