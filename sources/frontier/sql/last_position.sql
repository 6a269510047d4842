-- one row: the last place in the night's order of fetching that was given away
select coalesce(max(position), -1) from visits where day = ?
