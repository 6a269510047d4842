-- SQLite statements of the approval service, one named block per statement

-- name: create_tables
-- one row per request
create table requests (
    id text primary key, kind text, reference text, requester_id text, approver_id text, amount integer, status text,
    made_on text, remarks text
);
create index requests_by_reference on requests (reference);

-- name: list
-- one row per request
select id, kind, reference, status, made_on from requests
where (:status is null or status = :status) and (:kind is null or kind = :kind)
    and (:reference is null or reference = :reference)
order by made_on, id

-- name: request
-- one row per request
select * from requests where id = :id

-- name: by_status
-- one row per request
select id from requests where reference = :reference and status = :status

-- name: make
-- one row per request
insert into requests values (:id, :kind, :reference, null, :approver_id, :amount, :status, :made_on, '')

-- name: decide
-- one row per request
update requests set status = :status where id = :id
