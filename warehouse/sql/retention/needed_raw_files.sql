-- one row per file of raw responses that must stay: of a page that is held, or behind a row of a release that exists
with existing as (
    select distinct release_id from release_parts where not list_contains($removed, location)
),

released as (
    select distinct trajectory_id, task_id
    from published_parts
    join existing using (release_id)
),

walked as (
    select distinct unnest(path).doc_id as doc_id
    from tasks
    join released using (task_id)
),

read as (
    select distinct document_parts.doc_id
    from turns
    join released using (trajectory_id)
    join document_parts using (url)
    where turns.role = 'tool' and document_parts.status = 'ok'
),

needed as (
    select doc_id from pages
    union
    select doc_id from walked
    union
    select doc_id from read
)

-- a response with the same text as an earlier one may be stored as a reference to it, so all responses of a text stay
select distinct warc_file
from document_parts
join needed using (doc_id)
where warc_file is not null
