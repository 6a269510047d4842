-- one row per page that is held: its newest text, and the other URLs that lead to it; no page that is gone or newly forbidden
with others as (
    select page_url as url, list(url order by url) as aliases
    from aliases
    group by page_url
)

select document_parts.*, coalesce(others.aliases, []) as aliases
from document_parts
join page_states using (url, fetched_at)
left join others using (url)
where document_parts.status = 'ok'
    and page_states.state = 'held'
    and url not in (select aliases.url from aliases)
