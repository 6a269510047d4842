-- one row: whether the lake holds the run that began then
select count(*) > 0 from rollouts where started_at = $begun
