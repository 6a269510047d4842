-- one row: the night's urls, those that wait, and those that were fetched
select count(*), count(*) filter (where status is null), coalesce(sum(fetched), 0) from visits where day = ?
