-- one row per outermost list item that may name a page, under a heading that occurs once on its page, of pages whose items were all read
with cut as (
    select doc_id
    from fact_parts
    where kind = 'refused' and label in ('too_many_item', 'too_many_section')
),

headings as (
    select doc_id, text as section
    from fact_parts
    where kind = 'section'
    group by all
    having count(*) = 1
)
select distinct items.doc_id, items.section, items.text, items.label, items.link
from fact_parts as items
join headings using (doc_id, section)
anti join cut using (doc_id)
where items.kind = 'item' and items.value = 0
order by all
