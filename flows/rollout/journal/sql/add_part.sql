-- one row a part
insert into parts (run_id, seq) values (?, ?)
