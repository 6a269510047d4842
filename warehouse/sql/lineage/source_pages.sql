-- one row per page that a trajectory depends on (its task's walk, pages that its tools opened) and fetch of that page
with walked as (
    select unnest(path) as hop, evidence
    from tasks
    where task_id = (select task_id from trajectories where trajectory_id = $trajectory_id)
),

of_task as (
    select
        hop.url as url,
        hop.doc_id as doc_id,
        case when list_contains(evidence, hop.doc_id) then 'evidence' else 'walk' end as role
    from walked
),

read as (
    select distinct url, 'read' as role
    from turns
    where trajectory_id = $trajectory_id and role = 'tool' and url is not null
),

pages as (
    select url, doc_id, role from of_task
    union all
    select url, null as doc_id, role from read
)

select
    pages.role,
    pages.url,
    document_parts.doc_id,
    document_parts.fetched_at,
    document_parts.content_sha256,
    document_parts.detail,
    document_parts.warc_file,
    document_parts.warc_offset
from pages
left join document_parts
    on document_parts.url = pages.url
    and document_parts.status = 'ok'
    and (pages.doc_id is null or document_parts.doc_id = pages.doc_id)
order by pages.role, pages.url, document_parts.fetched_at
