-- one row a part that is not known to be written
select distinct run_id, seq from done where seq is not null order by run_id, seq
