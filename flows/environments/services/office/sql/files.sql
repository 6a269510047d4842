-- SQLite statements of the file service, one named block per statement

-- name: create_tables
-- one row per document
create table documents (path text primary key, title text, owner_id text, updated_on text, text text);

-- name: list
-- one row per document
select path, title, updated_on from documents
where (:folder is null or path like :folder || '%') order by path

-- name: read
-- one row per document
select * from documents where path = :path
