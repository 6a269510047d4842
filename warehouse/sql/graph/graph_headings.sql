-- one row per page: the number of its headings of the second level
select doc_id, count(*) filter (kind = 'section' and value = 2)::double as value
from fact_parts
group by doc_id
having not bool_or(kind = 'refused' and label = 'too_many_section')
order by doc_id
