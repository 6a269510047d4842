-- one row a finished trajectory of a run: it gets its part
update done set seq = ?
where number in (select number from done where seq is null and run_id = ? order by number limit ?)
