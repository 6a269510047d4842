-- one row per waiting url of the run's source
update visits set status = :status, detail = :detail, ended_at = :ended_at
where day = :day and kind in (select value from json_each(:kinds)) and status is null
