-- one row: the highest number of a candidate that became a task of these composers tonight, 0 before the first
select coalesce(max(cast(json_extract(difficulty, '$.number') as bigint)), 0) as last_number
from tasks
where composer in (select unnest($composers)) and run_id = $run_id
