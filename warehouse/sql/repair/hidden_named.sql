-- one row per named task that has a hidden truth
select * exclude (date)
from hidden
where task_id in (select unnest($ids))
