-- one row a host of the web with urls that wait
select distinct host from visits where day = ? and kind <> 'file' and status is null order by host
