-- one row: the last part number of a run
select max(seq) from parts where run_id = ?
