-- one row a part that is not known to be written
select day, seq from parts where written = 0 order by day, seq
