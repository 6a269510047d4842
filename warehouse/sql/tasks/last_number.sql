-- one row: the highest number of a seed that became a task of this composer tonight, 0 before the first
select coalesce(max(cast(json_extract(difficulty, '$.number') as bigint)), 0) as last_number
from tasks
where composer = $composer and run_id = $run_id
