-- one row: the newest release of the lake and the release before it, none before the first
select release_id, json_extract_string(manifest, '$.parent') as parent
from release_parts
order by published_at desc, release_id
limit 1
