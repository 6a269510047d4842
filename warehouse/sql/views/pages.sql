-- one row per URL: its newest text
with newest as (
    select url, max(fetched_at) as fetched_at
    from document_parts
    where status = 'ok'
    group by url
)
select document_parts.*
from document_parts
join newest using (url, fetched_at)
where document_parts.status = 'ok'
