-- one row a url a night (visits), a url that once gave a page (known), a part of the lake (parts): the crawl's frontier
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
    warc_offset integer
) without rowid;
create table parts (
    day text not null,
    seq integer not null,
    written integer not null default 0,
    primary key (day, seq)
) without rowid;
