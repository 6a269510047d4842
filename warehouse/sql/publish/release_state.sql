-- one row: the published rows and records of one release in the lake, and the releases that the run has recorded
select
    (select count(*) from published_parts where release_id = $release_id) as published_rows,
    (select count(*) from release_parts where release_id = $release_id and location = $location) as recorded,
    (select count(*) from release_parts where run_id = $run_id) as releases_of_run
