-- one row per URL that has had a text: when its newest text was fetched, and its state now: held, gone, forbidden or moved
with answers as (
    select
        url,
        fetched_at,
        status,
        unavailable_after,
        case
            when status in ('ok', 'not_modified') then 'held'
            when status in ('http_404', 'http_410', 'gone', 'error_page', 'vendored', 'generated') then 'gone'
            when status in ('redirected', 'redirect_denied') and http_status in (301, 308) then 'moved'
            when status in (
                'http_401', 'http_402', 'http_403', 'http_451', 'login_wall', 'robots_denied', 'blocked', 'noindex', 'noai',
                'noml', 'tdm_reserved', 'content_signal', 'unavailable_after'
            ) then 'forbidden'
        -- all other answers (busy, broken, out of budget) are of one night and change nothing
        end as state
    from document_parts
),

newest as (
    select
        url,
        max(fetched_at) filter (status = 'ok') as fetched_at,
        arg_max(unavailable_after, fetched_at) filter (status = 'ok') as unavailable_after,
        arg_max(state, fetched_at) filter (state is not null) as state,
        arg_max(status, fetched_at) filter (state is not null) as status,
        max(fetched_at) filter (state is not null) as stated_at
    from answers
    group by url
)

select
    url,
    fetched_at,
    case when state = 'held' and unavailable_after <= now() then 'forbidden' else state end as state,
    case when state = 'held' and unavailable_after <= now() then 'unavailable_after' else status end as status,
    case when state = 'held' and unavailable_after <= now() then unavailable_after else stated_at end as stated_at
from newest
where fetched_at is not null
