-- one row per URL that leads to a page at another URL: the page, and how (content: the same text; canonical: the page that it
-- names as canonical; spelling: http or https, with or without www or an index file; redirect)
with recursive redirects as (
    select
        url,
        arg_max(coalesce(redirect_url, detail[4:]), fetched_at) filter (status = 'redirected') as target,
        max(fetched_at) filter (status = 'redirected') as redirected_at,
        max(fetched_at) filter (status in ('ok', 'not_modified')) as held_at
    from document_parts
    where status in ('redirected', 'ok', 'not_modified')
    group by url
    having redirected_at > coalesce(held_at, '-infinity'::timestamptz)
),

hops as (
    select url, target, 1 as n
    from redirects
    union all
    select hops.url, redirects.target, hops.n + 1
    from hops
    join redirects on redirects.url = hops.target
    where hops.n < 10
),

held as (
    select
        url,
        coalesce(page_key, doc_id) as page_key,
        canonical_url,
        sketch,
        -- the spellings of one address have the same rest
        regexp_replace(
            regexp_replace(url, '^https?://(www\.)?', '//'),
            '(/(index|default|home)\.(html?|xhtml|shtml|php|aspx?|jsp|cfm))?/?(\?|$)', '\4'
        ) as address
    from page_states
    join document_parts using (url, fetched_at)
    where state = 'held'
        and document_parts.status = 'ok'
        and url not in (
            select hops.url from hops join page_states as led on led.url = hops.target where led.state = 'held'
        )
),

ranked as (
    select
        *,
        first_value(url) over (
            partition by page_key
            order by
                url in (select canonical_url from held where canonical_url is not null) desc,
                starts_with(url, 'https:') desc,
                contains(url, '?'),
                length(url),
                url
        ) as first_url
    from held
),

-- one row per text: the page that represents all URLs with it
texts as (
    select
        first_url as url,
        arg_min(canonical_url, url) filter (canonical_url is not null) as canonical_url,
        any_value(sketch) as sketch,
        any_value(address) as address,
        any_value(page_key) as page_key
    from ranked
    group by first_url
),

spelled as (
    select
        *,
        first_value(url) over (
            partition by address
            order by starts_with(url, 'https:') desc, length(url), url
        ) as first_spelling
    from texts
),

-- an address that a page names counts if it is held and has most of the page's words
pointers as (
    select distinct on (texts.url) texts.url, target.url as target, how
    from (
        select texts.url, sketch, coalesce(redirects.target, canonical_url) as pointed, 'canonical' as how
        from texts
        left join redirects on redirects.url = texts.canonical_url
        where canonical_url is not null
        union all by name
        select url, sketch, first_spelling as pointed, 'spelling' as how
        from spelled
    ) as texts
    join ranked on ranked.url = texts.pointed
    join texts as target on target.url = ranked.first_url
    where target.url <> texts.url
        and 2 * len(list_intersect(texts.sketch, target.sketch)) >= least(len(texts.sketch), len(target.sketch))
    order by texts.url, how
),

walks as (
    select url, target, how, [url, target] as seen
    from pointers
    union all
    select walks.url, pointers.target, walks.how, list_append(walks.seen, pointers.target)
    from walks
    join pointers on pointers.url = walks.target
    where not list_contains(walks.seen, pointers.target) and len(walks.seen) < 10
),

-- the end of the pointers; pointers in a circle lead nowhere, and each of their pages stays a page
ends as (
    select walks.url, walks.target as page_url, walks.how
    from walks
    anti join pointers on pointers.url = walks.target
),

of_texts as (
    select
        ranked.url,
        coalesce(ends.page_url, ranked.first_url) as page_url,
        coalesce(ends.how, 'content') as how
    from ranked
    left join ends on ends.url = ranked.first_url
)

select url, page_url, how
from of_texts
where url <> page_url
union all by name
select hops.url, min_by(of_texts.page_url, hops.n) as page_url, 'redirect' as how
from hops
join of_texts on of_texts.url = hops.target
anti join of_texts as direct on direct.url = hops.url
group by hops.url
