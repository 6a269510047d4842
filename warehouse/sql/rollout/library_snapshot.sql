-- one row: the hash of the library's pages and of their other URLs, which changes with any page, and their number
select md5(coalesce(string_agg(doc_id || array_to_string(aliases, ' '), '' order by doc_id), '')) as snapshot, count(*) as n_pages
from pages
