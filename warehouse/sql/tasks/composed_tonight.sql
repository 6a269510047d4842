-- one row a task that the night has already: the address of the page that holds its answer
select path[-1].url as url
from tasks
where run_id = $run_id
