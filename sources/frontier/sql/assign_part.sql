-- one row a url that ended and has no part yet: as many as fit, in the order of fetching, get this part
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
