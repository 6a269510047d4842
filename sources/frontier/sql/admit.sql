-- one row a url of the night; met again on a page that comes earlier, it moves forward
insert into visits (day, url, host, kind, depth, hops, parent, place) values (?, ?, ?, ?, ?, ?, ?, ?)
on conflict (day, url) do update
set depth = excluded.depth, hops = excluded.hops, parent = excluded.parent, place = excluded.place
where visits.status is null and visits.position is null
    and (excluded.depth, excluded.parent, excluded.place) < (visits.depth, visits.parent, visits.place)
