-- one row per place of a release, newest first
select location
from release_parts
group by location
order by max(published_at) desc, location
