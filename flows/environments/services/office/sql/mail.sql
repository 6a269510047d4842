-- SQLite statements of the mail service, one named block per statement

-- name: create_tables
-- one row per message
create table messages (
    id text primary key, folder text, sender text, recipient text, subject text, sent_at text, body text
);

-- name: list
-- one row per message
select id, folder, sender, subject, sent_at from messages
where (:folder is null or folder = :folder) and (:sender is null or sender = :sender)
    and (:contains is null or subject || ' ' || body like '%' || :contains || '%')
order by sent_at desc, id

-- name: read
-- one row per message
select * from messages where id = :id

-- name: send
-- one row per message
insert into messages values (:id, 'sent', :sender, :recipient, :subject, :at, :body)
