-- one row per page that a walk may visit: not near-empty, and prose rather than a list of links
with spelled as (  -- a letter of these scripts counts as about three of an alphabet; ASCII texts have none
    select
        doc_id,
        url,
        title,
        case
            when strlen(text) = length(text) then text
            else regexp_replace(text, '[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]', 'xxx', 'g')
        end as text,
        list_transform(links, lambda link: regexp_replace(
            regexp_replace(link.anchor, '[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]', 'xxx', 'g'), '[^\p{L}\p{N}]+', '', 'g'
        )) as anchors
    from pages
    where n_chars >= $min_page_chars / 3
),
measured as (
    select
        doc_id,
        url,
        title,
        length(regexp_replace(regexp_replace(text, '\]\([^)]*\)', '', 'g'), '[^\p{L}\p{N}]+', '', 'g')) as n_letters,
        coalesce(list_sum(list_transform(anchors, lambda anchor: length(anchor))), 0) as n_link_letters
    from spelled
    where length(text) >= $min_page_chars
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
