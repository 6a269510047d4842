-- one row a release
select * from release_parts
