-- one row per night and domain: planned attempts, and the shares that are published, rejected and unfinished
-- question: How much of each night is published?
select
    run_id,
    domain,
    count(*) as planned,
    avg((fate = 'published')::int) as published,
    avg((fate = 'rejected')::int) as rejected,
    avg((fate = 'unfinished')::int) as unfinished
from fates
group by run_id, domain
order by run_id desc, domain
