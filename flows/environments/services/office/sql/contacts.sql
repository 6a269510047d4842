-- SQLite statements of the contact service, one named block per statement

-- name: create_tables
-- one row per person
create table people (
    id text primary key, name text, email text, kind text, department text, title text, tier text, region text,
    manager_id text, since text, profile text
);

-- name: search
-- one row per person
select id, name, kind from people
where (:name is null or name like '%' || :name || '%') and (:email is null or email = :email)
    and (:department is null or department = :department)
order by name, id

-- name: person
-- one row per person
select * from people where id = :id

-- name: set_manager
-- one row per person
update people set manager_id = :manager_id where id = :id

-- name: set_region
-- one row per person
update people set region = :region where id = :id
