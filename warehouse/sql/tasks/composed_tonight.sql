-- one row per task that an earlier run of the same night composed: its composer and the page that holds its answer
select composer, path[-1].url as url
from tasks
where run_id = $run_id
