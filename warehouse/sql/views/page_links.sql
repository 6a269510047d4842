-- one row per pair of crawled pages with a hyperlink from one to the other: the first such link
with links as (
    select doc_id, url, unnest(links) as link, generate_subscripts(links, 1) as position
    from pages
),
targets as (
    select doc_id as from_doc_id, url as from_url, link.url as to_url, arg_min(link.anchor, position) as anchor
    from links
    where link.url <> url
    group by all
)
select targets.from_doc_id, targets.from_url, pages.doc_id as to_doc_id, targets.to_url, targets.anchor
from targets
join pages on pages.url = targets.to_url
