-- SQLite statements of the crawl frontier, one named block per statement

-- name: create_tables
-- one row per url and day (visits), url with a successful fetch (known), file or site of many pages that was read to
-- its end (collections), part of the lake (parts)
create table visits (
    day text not null,
    url text not null,
    host text not null,
    kind text not null,
    depth integer not null,
    hops integer not null,
    parent integer not null,
    place integer not null,
    position integer,
    status text,
    detail text,
    ended_at text,
    fetched integer not null default 0,
    document text,
    seq integer,
    primary key (day, url)
) without rowid;
create index waiting on visits (day, host, depth, parent, place) where status is null;
create index undrained on visits (day, position, url) where status is not null and seq is null;
create index drained on visits (day, seq) where seq is not null;
create table known (
    url text primary key,
    doc_id text not null,
    content_sha256 text not null,
    title text,
    etag text,
    last_modified text,
    extractor text not null,
    links text not null,
    warc_file text,
    warc_offset integer,
    collection text,
    license text,
    checked_at text
) without rowid;
create index members on known (collection) where collection is not null;
create table collections (
    url text primary key,
    version text not null,
    extractor text not null,
    detail text
) without rowid;
create table parts (
    day text not null,
    seq integer not null,
    written integer not null default 0,
    primary key (day, seq)
) without rowid;

-- name: add_warc_columns
-- one row per url with a successful fetch; for a frontier made before raw responses were stored
alter table known add column warc_file text;
alter table known add column warc_offset integer;

-- name: add_collections
-- one row per file or site of many pages that was read to its end; for a frontier made before there were such
alter table known add column collection text;
create index members on known (collection) where collection is not null;
create table collections (
    url text primary key,
    version text not null,
    extractor text not null,
    detail text
) without rowid;

-- name: add_checks
-- one row per url with a successful fetch; for a frontier made before licenses and times of checks were kept
alter table known add column license text;
alter table known add column checked_at text;

-- name: admit
-- one row per url of the day; a waiting url moves forward when an earlier page links to it
insert into visits (day, url, host, kind, depth, hops, parent, place) values (?, ?, ?, ?, ?, ?, ?, ?)
on conflict (day, url) do update
set depth = excluded.depth, hops = excluded.hops, parent = excluded.parent, place = excluded.place
where visits.status is null and visits.position is null
    and (excluded.depth, excluded.parent, excluded.place) < (visits.depth, visits.parent, visits.place)

-- name: waiting_hosts
-- one row per host of the source with waiting urls
select distinct host from visits
where day = :day and kind in (select value from json_each(:kinds)) and status is null and depth <= :deepest
order by host

-- name: take
-- one row per waiting url of the source of the lowest depth on the host, in the order of the links to it: of those that
-- are not begun, and that no page of the same level leads to; while pages of the level at :depth are in progress, only
-- urls before which none of them can add one
with waiting as (
    select * from visits
    where day = :day and host = :host and status is null and kind in (select value from json_each(:kinds))
        and depth <= :deepest
        and url not in (select value from json_each(:begun)) and parent not in (select value from json_each(:same_level))
)
select url, host, kind, depth, hops, position from waiting
where depth = coalesce(:own_depth, (select min(depth) from waiting))
    and (:depth is null or depth <= :depth or depth = :depth + 1 and (position is not null or parent < :before))
order by position is null, position, parent, place, url
limit :limit

-- name: last_position
-- one row: the highest position assigned on the day, or -1
select coalesce(max(position), -1) from visits where day = ?

-- name: set_position
-- one row per url of the day: its position in the order of fetching
update visits set position = ? where day = ? and url = ?

-- name: finish
-- one row per waiting url of the day: its status, and its document until a part of the lake holds it
update visits set status = ?, ended_at = ?, fetched = ?, document = ?
where day = ? and url = ? and status is null

-- name: known_page
-- one row per url with a successful fetch by this extractor
select doc_id, content_sha256, title, etag, last_modified, links, warc_file, warc_offset, license, checked_at
from known
where url = ? and extractor = ?

-- name: remember_page
-- one row per url with a successful fetch
insert or replace into known (
    url, doc_id, content_sha256, title, etag, last_modified, extractor, links, warc_file, warc_offset, collection,
    license, checked_at
)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: remember_check
-- one row per url whose text did not change: its newest validators, and its links if the page was sent again
update known set etag = ?, last_modified = ?, checked_at = ?, links = coalesce(?, links) where url = ?

-- name: close_host
-- one row per waiting url of the source on the host
update visits set status = :status, detail = :detail, ended_at = :ended_at
where day = :day and host = :host and status is null and kind in (select value from json_each(:kinds))

-- name: close_run
-- one row per waiting url of the source
update visits set status = :status, detail = :detail, ended_at = :ended_at
where day = :day and kind in (select value from json_each(:kinds)) and status is null

-- name: close_earlier
-- one row per waiting url of an earlier day
update visits set status = ?, detail = ?, ended_at = ? where day < ? and status is null

-- name: wait_again
-- one row per url of the day that ended with the status, without pages of collections, which their collection lists
update visits set status = null, detail = null, ended_at = null, document = null, seq = null
where day = :day and status = :status
    and (depth = 0 or kind in ('page', 'sitemap') or kind glob 'page@*' or kind glob 'sitemap@*')

-- name: count_visits
-- one row: the source's urls of the day, its waiting urls, its fetched urls
select count(*), count(*) filter (where status is null), coalesce(sum(fetched), 0) from visits
where day = :day and kind in (select value from json_each(:kinds))

-- name: count_by_status
-- one row per status of the day
select status, count(*) from visits
where day = ? and status is not null and kind <> 'elsewhere'
group by status order by status

-- name: count_changes
-- one row: pages of the day by what became of them since the newest nights before it, and those not requested at all
with nights as (
    select distinct day from visits where day < :day order by day desc limit :nights
),
pages as (
    select status, fetched, kind, (
        select earlier.status from nights join visits as earlier on earlier.day = nights.day and earlier.url = today.url
        where earlier.status in ('ok', 'not_modified', 'http_404', 'http_410', 'gone')
        order by nights.day desc limit 1
    ) as before
    from visits as today
    where day = :day and status in ('ok', 'not_modified', 'http_404', 'http_410', 'gone') and kind <> 'elsewhere'
)
select
    count(*) filter (where status = 'ok' and coalesce(before, '') not in ('ok', 'not_modified')),
    count(*) filter (where status = 'ok' and before in ('ok', 'not_modified')),
    count(*) filter (where status = 'not_modified'),
    count(*) filter (where status not in ('ok', 'not_modified') and before in ('ok', 'not_modified')),
    count(*) filter (where status = 'not_modified' and not fetched and kind glob 'page*')
from pages

-- name: seed_hosts
-- one row per host at which a start url of the source had a page today
select distinct host from visits
where day = :day and kind = :kind and depth = 0 and status in ('ok', 'not_modified')

-- name: count_source_by_status
-- one row per status of the source on the day
select status, count(*) from visits
where day = :day and status is not null and kind in (select value from json_each(:kinds))
group by status

-- name: unwritten_parts
-- one row per part that may not be in the lake yet
select day, seq from parts where written = 0 order by day, seq

-- name: undrained_days
-- one row per day with ended urls that have no part yet
select day, count(*) from visits where status is not null and seq is null group by day order by day

-- name: next_part
-- one row: the number of the day's next part
select coalesce(max(seq) + 1, 0) from parts where day = ?

-- name: add_part
-- one row per part
insert into parts (day, seq) values (?, ?)

-- name: assign_part
-- one row per ended url without a part: as many as fit, in the order of fetching, get this part
update visits set seq = :seq
where day = :day and url in (
    select url from (
        select url, position, coalesce(sum(length(document)) over (
            order by position is null, position, url rows between unbounded preceding and 1 preceding
        ), 0) as before
        from (
            select url, position, document from visits
            where day = :day and status is not null and seq is null
            order by position is null, position, url
            limit :rows
        )
    )
    where before < :chars
)

-- name: part_rows
-- one row per url of a part
select url, kind, status, detail, ended_at, document from visits
where day = ? and seq = ?
order by position is null, position, url

-- name: mark_part_written
-- one row per part
update parts set written = 1 where day = ? and seq = ?

-- name: clear_documents
-- one row per url of a written part
update visits set document = null where day = ? and seq = ?

-- name: known_part
-- one row per part that an earlier frontier wrote
insert into parts (day, seq, written) values (?, ?, 1)

-- name: known_documents
-- one row per url with a successful fetch
select doc_id from known

-- name: forget_page
-- one row per url whose newest document the lake has lost
delete from known where doc_id = ?

-- name: forget_collections
-- one row per collection with a page whose newest document the lake has lost, so that it is read again
delete from collections where url in (select collection from known where doc_id = ?)

-- name: forget_url
-- one row per page that its collection no longer holds
delete from known where url = ?

-- name: known_collection
-- one row per collection that was read to its end by this extractor
select version, detail from collections where url = ? and extractor = ?

-- name: remember_collection
-- one row per collection that was read to its end
insert or replace into collections (url, version, extractor, detail) values (?, ?, ?, ?)

-- name: record_page
-- one row per page of a collection: how it ended, unless its url has a row today
insert into visits (day, url, host, kind, depth, hops, parent, place, position, status, ended_at, document)
values (:day, :url, :host, :kind, 1, 0, :parent, 0, :position, :status, :ended_at, :document)
on conflict (day, url) do nothing

-- name: has_row
-- one row if the url has one today
select 1 from visits where day = ? and url = ?

-- name: status_of
-- one row per url of the day: its status
select status from visits where day = ? and url = ?

-- name: count_members
-- one row per status of the collection's pages today
select status, count(*) from visits where day = ? and kind = ? and parent = ? group by status order by status

-- name: missing_members
-- one row per page that an earlier night read from the collection and that has no row today
select url from known
where collection = :collection
    and not exists (select 1 from visits where visits.day = :day and visits.url = known.url)
order by url

-- name: all_documents
-- one row per ended url whose document has not reached a part of the lake
select document from visits where document is not null

-- name: all_links
-- one row per url with a successful fetch: its links as JSON
select links from known
