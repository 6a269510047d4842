-- one row per cell of a table below its header: the column's header, the text, and its value if it is a number
select
    doc_id,
    url,
    section,
    block as table_number,
    row,
    position as column_number,
    label as header,
    text,
    value,
    unit,
    link
from facts
where kind = 'cell'
