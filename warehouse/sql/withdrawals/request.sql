-- one row: what is asked for now; none where that is nothing
select $asked_for as asked_for
where $asked_for <> ''
