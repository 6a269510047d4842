-- one row: how many transactions this journal has had
select commits from head
