-- one row a night with urls that ended and have no part yet
select day, count(*) from visits where status is not null and seq is null group by day order by day
