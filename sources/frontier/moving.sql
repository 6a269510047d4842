-- SQLite statements that move the urls of hosts from another frontier, attached as `other`, one named block per statement

-- name: copy_visits
-- one row per url and day of the hosts that this frontier owns, an ended one rather than a waiting one; rows that ended
-- are in parts of the other's numbers
insert into main.visits (
    day, url, host, kind, depth, hops, parent, place, position, status, detail, ended_at, fetched, seq
)
select
    day, url, host, kind, depth, hops, parent, place, position, status, detail, ended_at, fetched,
    case when status is not null then -1 end
from other.visits
where owns(host) and kind <> 'elsewhere' and (:kinds is null or kind in (select value from json_each(:kinds)))
on conflict (day, url) do update
set host = excluded.host, kind = excluded.kind, depth = excluded.depth, hops = excluded.hops,
    parent = excluded.parent, place = excluded.place, position = excluded.position, status = excluded.status,
    detail = excluded.detail, ended_at = excluded.ended_at, fetched = excluded.fetched, seq = excluded.seq
where visits.kind = 'elsewhere' or (visits.status is null and excluded.status is not null)

-- name: copy_taken
-- one row per url of the day that another frontier crawls, so that this one does not
insert or ignore into main.visits (day, url, host, kind, depth, hops, parent, place, status, seq)
select day, url, host, 'elsewhere', 1, 0, -1, 0, coalesce(status, 'elsewhere'), -1
from other.visits
where day = :day and kind <> 'elsewhere' and case when url glob 'http*://*' then owns(url) end

-- name: copy_known
-- one row per url with a successful fetch of the hosts that this frontier owns, the newer one of both
insert or replace into main.known (
    url, doc_id, content_sha256, title, etag, last_modified, extractor, links, warc_file, warc_offset, license,
    checked_at
)
select
    url, doc_id, content_sha256, title, etag, last_modified, extractor, links, warc_file, warc_offset, license,
    checked_at
from other.known as moved
where collection is null
    and url in (
        select url from other.visits
        where owns(host) and (:kinds is null or kind in (select value from json_each(:kinds)))
    )
    and not exists (
        select 1 from main.known as own
        where own.url = moved.url and coalesce(own.checked_at, '') >= coalesce(moved.checked_at, '')
    )

-- name: has_kinds
-- one row if the frontier has urls of these kinds
select 1 from visits where kind in (select value from json_each(:kinds)) limit 1

-- name: delete_moved_known
-- one row per url with a successful fetch that was moved
delete from known
where collection is null
    and url in (select url from visits where kind in (select value from json_each(:kinds)))

-- name: delete_moved_visits
-- one row per url and day that was moved
delete from visits where kind in (select value from json_each(:kinds))
