-- one row: the newest release of the lake, its manifest; none before the first
select release_id, manifest
from release_parts
order by published_at desc, release_id
limit 1
