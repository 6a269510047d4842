-- one row a part that a damaged journal knew of
select run_id, seq from parts order by rowid
