-- one row per heading of a page, in reading order; the parent is the heading before it
select
    doc_id,
    url,
    position,
    value::integer as level,
    text as heading,
    section as after_heading
from facts
where kind = 'section'
