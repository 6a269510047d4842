-- SQLite statements of the ticket service, one named block per statement

-- name: create_tables
-- one row per ticket; one row per note of a ticket
create table tickets (
    id text primary key, requester_id text, subject text, status text, queue text, priority text, opened_on text,
    reference text, resolution text
);
create table ticket_notes (id text primary key, ticket_id text, author text, at text, text text);
create index ticket_notes_by_ticket on ticket_notes (ticket_id);

-- name: list
-- one row per ticket
select id, subject, status, queue, priority, opened_on from tickets
where (:status is null or status = :status) and (:queue is null or queue = :queue)
    and (:requester_id is null or requester_id = :requester_id)
order by opened_on, id

-- name: ticket
-- one row per ticket
select * from tickets where id = :id

-- name: notes
-- one row per ticket note
select author, at, text from ticket_notes where ticket_id = :id order by at, id

-- name: close
-- one row per ticket
update tickets set status = :status, resolution = :resolution where id = :id

-- name: route
-- one row per ticket
update tickets set queue = :queue where id = :id

-- name: note
-- one row per ticket note
insert into ticket_notes values (:id, :ticket_id, 'desk', :at, :text)
