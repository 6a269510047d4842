-- SQLite statements of the ledger, one named block per statement

-- name: create_tables
-- one row per account; one row per entry
create table accounts (id text primary key, name text, owner_id text, status text, entry_limit integer, remarks text);
create table entries (
    id text primary key, account_id text, amount integer, reference text, booked_on text, memo text
);
create index entries_by_reference on entries (reference);

-- name: accounts
-- one row per account
select id, name from accounts order by name, id

-- name: account
-- one row per account
select * from accounts where id = :id

-- name: entries
-- one row per entry
select * from entries
where (:account_id is null or account_id = :account_id) and (:reference is null or reference = :reference)
order by booked_on, id

-- name: post
-- one row per entry
insert into entries values (:id, :account_id, :amount, :reference, :booked_on, :memo)
