-- one row per cell of a table that is alone under its heading, with the heading
with alone as (
    select doc_id, section, min(block) as block
    from fact_parts
    where kind = 'cell' and section is not null
    group by all
    having count(distinct block) = 1
)
select cells.doc_id, cells.section, cells.row, cells.position, cells.label, cells.text, cells.value, cells.link
from fact_parts as cells
join alone using (doc_id, section, block)
where
    cells.kind = 'cell'
    and cells.doc_id not in (select doc_id from fact_parts where kind = 'refused' and label = 'too_many_cell')
order by cells.doc_id, cells.section, cells.row, cells.position
