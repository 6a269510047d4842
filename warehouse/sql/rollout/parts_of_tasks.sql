-- one row per task or hidden truth of the parts: its task and its part
select task_id, filename as part, run_id
from read_parquet($parts, filename = true, union_by_name = true)
order by task_id, run_id desc
