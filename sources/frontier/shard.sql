-- SQLite statements of a shard's frontier, one named block per statement

-- name: create_foreign_links
-- one row per url and day that another shard owns: the earliest link to it, and the round in which it was sent
create table if not exists foreign_links (
    day text not null,
    url text not null,
    host text not null,
    kind text not null,
    depth integer not null,
    hops integer not null,
    parent integer not null,
    place integer not null,
    round integer,
    primary key (day, url)
) without rowid;
create index if not exists unsent on foreign_links (day) where round is null;

-- name: add_foreign_link
-- one row per url of another shard; an earlier link than the one that was sent is sent as well
insert into foreign_links (day, url, host, kind, depth, hops, parent, place) values (?, ?, ?, ?, ?, ?, ?, ?)
on conflict (day, url) do update
set depth = excluded.depth, hops = excluded.hops, parent = excluded.parent, place = excluded.place, round = null
where (excluded.depth, excluded.parent, excluded.place)
    < (foreign_links.depth, foreign_links.parent, foreign_links.place)

-- name: count_unsent
-- one row: the urls of other shards that were not sent yet
select count(*) from foreign_links where day = ? and round is null

-- name: assign_round
-- one row per url of another shard that was not sent yet
update foreign_links set round = :round where day = :day and round is null

-- name: links_of_round
-- one row per url of another shard that belongs to the round
select url, host, kind, depth, parent, place, hops from foreign_links where day = :day and round = :round order by url

-- name: send_again
-- one row per url of another shard, so that all of the day are sent once more
update foreign_links set round = null where day = ? and round is not null

-- name: forget_links
-- one row per url of another shard that an earlier day found
delete from foreign_links where day < ?

-- name: all_foreign_links
-- one row per url of another shard that the day found
select url, host, kind, depth, parent, place, hops from foreign_links where day = ? order by url

-- name: waiting_by_host
-- one row per host and depth of the source's waiting urls
select host, depth, count(*) from visits
where day = :day and kind in (select value from json_each(:kinds)) and status is null
group by host, depth

-- name: count_untaken
-- one row: the source's urls that wait and were not taken to be fetched yet
select count(*) from visits
where day = :day and kind in (select value from json_each(:kinds)) and status is null and position is null

-- name: drop_last
-- one row per url that is given up, the last ones by their links first
delete from visits where day = :day and url in (
    select url from visits
    where day = :day and kind in (select value from json_each(:kinds)) and status is null and position is null
    order by depth desc, parent desc, place desc, url desc
    limit :urls
)
