-- one row per task of the parts whose setup has few bytes
select task_id, any_value(setup) as setup
from read_parquet($parts, union_by_name = true)
where strlen(setup) <= $most_bytes
group by task_id
