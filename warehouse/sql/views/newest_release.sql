-- one row: the newest release; none before the first release
select release_id, location, rows, tokens
from release_parts
order by published_at desc, release_id
limit 1
