-- one row: the number of the night's next part
select coalesce(max(seq) + 1, 0) from parts where day = ?
