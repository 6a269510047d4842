-- one row a part
update parts set written = 1 where day = ? and seq = ?
