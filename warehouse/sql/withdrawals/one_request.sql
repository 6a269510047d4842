-- one row: the target of a new request; none for an empty target
select $target as target
where $target <> ''
