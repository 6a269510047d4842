-- one row a part of $files and trajectory with turns in it: what is told of it; nothing of one that is not to be decided on
with inside as (
    select distinct file_index::bigint as part, trajectory_id
    from read_parquet($files)
)

select inside.part, inside.trajectory_id, told.* exclude (trajectory_id)
from inside
left join told using (trajectory_id)
order by inside.part, inside.trajectory_id
