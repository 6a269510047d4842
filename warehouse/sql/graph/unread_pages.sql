-- one row per page whose facts were not read yet, in the order of their ids
select doc_id, title, text
from pages
where doc_id not in (select doc_id from fact_parts where kind = 'page')
qualify row_number() over (partition by doc_id order by url) = 1
order by doc_id
