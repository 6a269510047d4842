-- one row a url that waits, of the lowest depth on its host, in the order in which pages lead to it
select url, host, kind, depth, hops, position from visits
where day = :day and host = :host and status is null and depth = (
    select min(depth) from visits where day = :day and host = :host and status is null
)
order by position is null, position, parent, place, url
limit :most
