-- one row a release: whichever an id, or the start of its id or name, names
select release_id, json_extract_string(manifest, '$.name') as name, rows, tokens, manifest
from (select distinct on (release_id) * from release_parts order by release_id, published_at)
where starts_with(release_id, $id) or starts_with(json_extract_string(manifest, '$.name'), $id)
order by published_at
