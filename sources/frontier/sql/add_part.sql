-- one row a part
insert into parts (day, seq) values (?, ?)
