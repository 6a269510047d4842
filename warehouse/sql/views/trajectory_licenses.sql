-- one row per trajectory, license and page or source that it depends on: pages of its task, pages that it read, and, by a null
-- url, further sources of its task; the license is null where none is recorded. Parents and children share theirs
with page_licenses as (
    select
        url,
        doc_id,
        fetched_at,
        attribution,
        license_url,
        unnest(coalesce(string_split(license, ' AND '), [null])) as license
    from document_parts
    where status = 'ok'
),

newest as (
    select *
    from page_licenses
    qualify rank() over (partition by url order by fetched_at desc) = 1
),

hops as (
    select task_id, unnest(path) as hop
    from tasks
),

read as (
    select distinct trajectory_id, url
    from turns
    where role = 'tool' and url is not null
),

direct as (
    select trajectory_id, hop.url as url, page.license, page.license_url, page.attribution
    from trajectories
    join hops using (task_id)
    left join page_licenses as page on page.doc_id = hop.doc_id
    union
    select trajectory_id, newest.url, newest.license, newest.license_url, newest.attribution
    from read
    left join aliases using (url)
    join newest on newest.url = coalesce(aliases.page_url, read.url)
    union
    select trajectory_id, null, unnest(licenses), null, null
    from trajectories
    join tasks using (task_id)
    where len(path) = 0
),

families as (
    select trajectory_id, coalesce(children.root_id, trajectory_id) as root_id
    from trajectories
    left join children using (trajectory_id)
)

select distinct families.trajectory_id, license, url, license_url, attribution
from direct
join families as origin using (trajectory_id)
join families on families.root_id = origin.root_id
