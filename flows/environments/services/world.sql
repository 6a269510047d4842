-- SQLite statements over any table of an office world, one named block per statement; {} is filled with our own names

-- name: insert
-- one row per row of a table
insert into {table} values ({marks})

-- name: all_rows
-- one row per row of a table
select * from {table} order by 1, 2

-- name: columns
-- one row per column of a table
select name from pragma_table_info('{table}')
