-- one row a fetch: a url on one night, also when it failed
select * from document_parts
