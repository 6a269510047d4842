-- SQLite statements of the contact service, one named block per statement

-- name: create_tables
-- one row per person
create table people (
    id text primary key, name text, email text, kind text, department text, title text, tier text, region text,
    manager_id text, since text, profile text
);

-- name: search
select id, name, kind from people
where (:name is null or name like '%' || :name || '%') and (:email is null or email = :email)
    and (:department is null or department = :department)
order by name, id

-- name: person
select * from people where id = :id

-- name: set_manager
update people set manager_id = :manager_id where id = :id

-- name: set_region
update people set region = :region where id = :id
