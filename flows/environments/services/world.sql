-- SQLite statements over any table of an office world, one named block per statement; {} is filled with our own names

-- name: insert
insert into {table} values ({marks})

-- name: all_rows
select * from {table} order by 1, 2

-- name: columns
select name from pragma_table_info('{table}')
