-- one row: the published rows and records of one release in the lake
select
    (select count(*) from published_parts where release_id = $release_id) as published_rows,
    (select count(*) from release_parts where release_id = $release_id and location = $location) as recorded
