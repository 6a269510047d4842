-- one row per release and location that it was published to
select * from release_parts
