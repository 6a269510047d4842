-- one row per night with an attempt, the newest first
select distinct run_id
from attempts
order by run_id desc
