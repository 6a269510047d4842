-- one row per turn of the given trajectories, in order, without token columns and without the copies of later segments
-- $parts holds their parts and the empty one, which has the columns that are newer than a part
select trajectory_id, index, role, content, reasoning, tool_calls, parse, tool, observation, kind, url, bytes_dropped
from read_parquet($parts, union_by_name = true)
where copy_of is null and list_contains($ids::varchar[], trajectory_id)
order by trajectory_id, index
