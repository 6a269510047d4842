-- one row: how many transactions this journal has had
update head set commits = ?
