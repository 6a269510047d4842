-- one row per part of $files and trajectory with turns in it, for the cache file of the part: the answers of the gates;
-- null if the trajectory is not a candidate
with trajectories_in_parts as (
    select distinct file_index::bigint as part, trajectory_id
    from read_parquet($files)
)

select trajectories_in_parts.part, trajectories_in_parts.trajectory_id, gate_answers.* exclude (trajectory_id)
from trajectories_in_parts
left join gate_answers using (trajectory_id)
order by trajectories_in_parts.part, trajectories_in_parts.trajectory_id
