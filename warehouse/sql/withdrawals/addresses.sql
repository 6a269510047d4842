-- one row per requested URL of `requests` and address of the same page, at any time: the URL itself, where it leads by
-- redirects and canonical addresses, what leads to it, equal texts; or, of a collection, a page below its address (is_below)
-- a URL of which nothing was ever read also stands for its other spellings; none if no request names a URL ($any_url)
with recursive targets as (
    select target
    from requests
    where $any_url and contains(target, '://')
),

texts as (
    select
        url,
        arg_max(coalesce(page_key, doc_id), fetched_at) as page_key,
        arg_max(canonical_url, fetched_at) as canonical_url,
        arg_max(sketch, fetched_at) as sketch
    from document_parts
    where status = 'ok' and $any_url
    group by url
),

leads as (
    select url, coalesce(redirect_url, detail[4:]) as led_to
    from document_parts
    where status = 'redirected' and $any_url
    union
    -- as in the view aliases, an address that a page names counts if it has most of the page's words
    select texts.url, named.url as led_to
    from texts
    join texts as named on named.url = texts.canonical_url
    where named.url <> texts.url
        and 2 * len(list_intersect(texts.sketch, named.sketch)) >= least(len(texts.sketch), len(named.sketch))
),

seen as (
    select url, regexp_replace(
        regexp_replace(url, '#.*$|^https?://(www\.)?', '', 'g'),
        '(/(index|default|home)\.(html?|xhtml|shtml|php|aspx?|jsp|cfm))?/?(\?|$)', '\4'
    ) as address
    from (
        select url from document_parts where $any_url
        union
        select target as url from targets
    )
),

starts as (
    select target, target as url
    from targets
    union
    select targets.target, other.url
    from targets
    join seen as own on own.url = targets.target
    join seen as other using (address)
    where targets.target not in (select url from document_parts)
),

onward as (
    select target, url
    from starts
    union
    select onward.target, leads.led_to as url
    from onward
    join leads using (url)
),

back as (
    select target, url
    from starts
    union
    select back.target, leads.url
    from back
    join leads on leads.led_to = back.url
),

reached as (
    from onward
    union
    from back
    union
    select onward.target, equal.url
    from onward
    join texts using (url)
    join texts as equal on equal.page_key = texts.page_key
),

collections as (
    -- of addresses on the web only one that was read as a collection, since a page may be above others
    select starts.target, rtrim(starts.url, '/') || '/' as folder
    from starts
    where not starts_with(starts.url, 'http')
        or starts.url in (select url from document_parts where status = 'collection')
)

select target, url, false as is_below
from reached
union
select collections.target, texts.url, true as is_below
from collections
join texts on starts_with(texts.url, collections.folder)
anti join reached on reached.target = collections.target and reached.url = texts.url
