-- one row: the name of the library's snapshot, which changes when any page does
select md5(coalesce(string_agg(doc_id, '' order by doc_id), '')) as snapshot, count(*) as n_pages
from pages
