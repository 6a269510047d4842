-- one row per item of a list: its place, its text, and the target of its first hyperlink
select
    doc_id,
    url,
    section,
    block as list_number,
    position,
    value::integer as depth,
    text,
    label as anchor,
    link
from facts
where kind = 'item'
