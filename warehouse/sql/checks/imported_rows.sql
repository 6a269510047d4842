-- one row per imported row without its trajectory (the import was interrupted: run it again), or that occurs twice
with counted as (
    select import_id, row, count(*) as rows, any_value(trajectory_id) as trajectory_id, any_value(status) as status
    from imports
    group by import_id, row
)

select counted.*
from counted
left join trajectories using (trajectory_id)
where
    counted.rows > 1
    or (counted.status in ('imported', 'already_imported') and trajectories.trajectory_id is null)
