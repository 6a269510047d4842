-- one row per page that a walk may visit: not near-empty, and prose rather than a list of links
with measured as (
    select
        doc_id,
        url,
        title,
        length(regexp_replace(regexp_replace(text, '\]\([^)]*\)', '', 'g'), '[^\p{L}\p{N}]+', '', 'g')) as n_letters,
        coalesce(list_sum(list_transform(
            links, lambda link: length(regexp_replace(link.anchor, '[^\p{L}\p{N}]+', '', 'g'))
        )), 0) as n_link_letters
    from pages
    where n_chars >= $min_page_chars
),
used as (
    select distinct path[-1].url as url
    from tasks
    where run_id <> $run_id and len(path) > 0
)
select
    row_number() over (order by url) as node,
    doc_id,
    url,
    title,
    url in (select url from used) as used
from measured
where n_link_letters <= $max_link_share * n_letters
