-- one row per trajectory of the newest release
with newest as (
    select release_id from release_parts order by published_at desc, release_id limit 1
)
select published_parts.*
from published_parts
join newest using (release_id)
