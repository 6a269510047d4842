-- one row per host of the source with waiting urls
select distinct host from visits
where day = :day and kind in (select value from json_each(:kinds)) and status is null
order by host
