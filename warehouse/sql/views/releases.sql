-- one row a release and place that it was published to
select * from release_parts
