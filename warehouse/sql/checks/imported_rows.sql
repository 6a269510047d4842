-- one row an imported row whose trajectory is not there (its import was cut: run it again), or that stands twice
with standing as (
    select import_id, row, count(*) as rows, any_value(trajectory_id) as trajectory_id, any_value(status) as status
    from imports
    group by import_id, row
)

select standing.*
from standing
left join trajectories using (trajectory_id)
where
    standing.rows > 1
    or (standing.status in ('imported', 'already_imported') and trajectories.trajectory_id is null)
