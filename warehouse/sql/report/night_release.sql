-- one row: the newest release that the night $run_id published, or else the newest one before it
select release_id, location, rows, tokens, run_id
from releases
where run_id <= $run_id
order by run_id desc, published_at desc, release_id
limit 1
