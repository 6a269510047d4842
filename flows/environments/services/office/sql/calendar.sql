-- SQLite statements of the calendar service, one named block per statement

-- name: create_tables
-- one row per event
create table events (
    id text primary key, owner_id text, title text, starts_at text, ends_at text, room text, status text
);

-- name: list
-- one row per event
select * from events
where (:owner_id is null or owner_id = :owner_id) and (:room is null or room = :room)
    and (:day is null or substr(starts_at, 1, 10) = :day)
order by starts_at, id

-- name: read
-- one row per event
select * from events where id = :id

-- name: clashes
-- one row per event
select id, owner_id, room from events
where status = :booked and starts_at < :ends_at and ends_at > :starts_at and (room = :room or owner_id = :owner_id)
order by id

-- name: book
-- one row per event
insert into events values (:id, :owner_id, :title, :starts_at, :ends_at, :room, :status)

-- name: set_status
-- one row per event
update events set status = :status where id = :id
