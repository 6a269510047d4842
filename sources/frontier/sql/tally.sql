-- one row a status of the night
select status, count(*) from visits where day = ? and status is not null group by status order by status
