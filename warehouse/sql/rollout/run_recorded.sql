-- one row: true if the lake holds the run that started at this time
select count(*) > 0 from rollouts where started_at = $begun
