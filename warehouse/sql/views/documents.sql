-- one row per fetch: a URL in one run, failed fetches included
select * from document_parts
