-- one row: the number of pages whose facts were not read yet
select count(distinct doc_id) as n
from pages
where doc_id not in (select doc_id from fact_parts where kind = 'page')
