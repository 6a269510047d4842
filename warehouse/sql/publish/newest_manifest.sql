-- one row: the newest release of the lake and its manifest; no row before the first release
select release_id, manifest
from release_parts
order by published_at desc, release_id
limit 1
