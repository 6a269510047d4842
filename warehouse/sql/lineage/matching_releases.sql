-- one row per release that an id matches: the start of its id or of its name
select release_id, json_extract_string(manifest, '$.name') as name, rows, tokens, manifest
from (select distinct on (release_id) * from release_parts order by release_id, published_at)
where starts_with(release_id, $id) or starts_with(json_extract_string(manifest, '$.name'), $id)
order by published_at
