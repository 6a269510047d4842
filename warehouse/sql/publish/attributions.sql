-- one row per license, site and author to be named for the released trajectories, those of most pages first, with the number of
-- their pages; at most 200
select
    license,
    regexp_extract(url, '^[a-z]+://([^/]*)', 1) as site,
    coalesce(attribution, '') as attribution,
    count(distinct url) as pages
from trajectory_licenses
semi join chosen using (trajectory_id)
where license is not null and url is not null
group by license, site, attribution
order by pages desc, license, site, attribution
limit 200
