-- one row per pair of pages with a hyperlink from one to the other, also by another URL of it: the first such link
with links as (
    select doc_id, url, unnest(links) as link, generate_subscripts(links, 1) as position
    from pages
),

targets as (
    select
        links.doc_id as from_doc_id,
        links.url as from_url,
        coalesce(aliases.page_url, link.url) as to_url,
        arg_min(link.anchor, position) as anchor
    from links
    left join aliases on aliases.url = link.url
    group by all
)

select targets.from_doc_id, targets.from_url, pages.doc_id as to_doc_id, targets.to_url, targets.anchor
from targets
join pages on pages.url = targets.to_url
where targets.to_url <> targets.from_url
