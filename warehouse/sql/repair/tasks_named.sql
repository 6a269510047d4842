-- one row per task of the ids
select * exclude (date)
from tasks
where task_id in (select unnest($ids))
