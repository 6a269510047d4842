-- one row a part
insert or ignore into parts (run_id, seq) values (?, ?)
