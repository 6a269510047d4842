-- one row: what is asked for now; none where that is nothing
select $target as target
where $target <> ''
