-- one row per page of a list of urls
select url, doc_id, title, text, license, fetched_at
from pages
where url in (select unnest($urls))
order by url
