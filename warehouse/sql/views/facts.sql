-- one row per fact of a page as it is now: a section, list item, table cell, pair, number, date or name; see fact.kind
select
    pages.doc_id,
    pages.url,
    pages.title,
    fact.kind,
    fact.section,
    fact.block,
    fact.row,
    fact.position,
    fact.label,
    fact.text,
    fact.value,
    fact.unit,
    fact.link,
    fact.run_id
from fact_parts as fact
join pages using (doc_id)
