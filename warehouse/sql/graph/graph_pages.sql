-- one row per page that tasks may be made of, with the names that its title gives it
select
    pages.doc_id,
    pages.url,
    coalesce(pages.title, '') as title,
    pages.source,
    pages.license,
    pages.text,
    pages.fetched_at
from pages
join fact_parts as fact using (doc_id)
where fact.kind = 'page' and pages.n_chars >= $min_page_chars
qualify row_number() over (partition by pages.doc_id order by pages.url) = 1
order by pages.url
