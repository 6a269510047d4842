-- one row per trajectory of a release
select distinct trajectory_id
from published_parts
where release_id = $release_id
