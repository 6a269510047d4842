-- SQLite statements that derive the facts of work items again from the rows of a finished world, a block per scenario

-- name: returns
-- one row per ticket
select
    t.id, o.total, cast(julianday(t.opened_on) - julianday(o.delivered_on) as integer) as days, p.category, c.tier,
    c.region,
    case
        when n.text like '%unpacked it%' or n.text like '%was opened%' or n.text like '%out of the box and%' then 'opened'
        when n.text like '%broken when%' or n.text like '%snapped hinge%' or n.text like '%was crushed%' then 'damaged'
        else 'sealed'
    end as goods,
    (
        select count(*) from entries as e join accounts as a on a.id = e.account_id
        where e.reference = c.id and a.name = 'Paid back'
    ) as earlier,
    exists (select 1 from requests as r where r.reference = t.id and r.status = :approved) as consent
from tickets as t
join orders as o on o.id = t.reference
join order_lines as l on l.order_id = o.id
join products as p on p.sku = l.sku
join people as c on c.id = o.customer_id and c.id = t.requester_id
join ticket_notes as n on n.ticket_id = t.id and n.author = c.name

-- name: expenses
-- one row per claim
select
    r.id, r.amount, d.rating as category, cast(julianday(r.made_on) - julianday(d.day) as integer) as days,
    u.title as job, u.department, u.region,
    r.amount - d.amount as excess,
    (
        select count(*) from entries as e join accounts as a on a.id = e.account_id
        where e.reference = u.id and a.name = 'Advances'
    ) as earlier,
    exists (select 1 from requests as q where q.reference = r.id and q.status = :approved) as consent
from requests as r
join people as u on u.id = r.requester_id
join facts_in_text as d on d.path = r.reference
where r.status = :pending

-- name: releases
-- one row per order
select
    o.id, o.total, cast(julianday(:today) - julianday(o.placed_on) as integer) as days, p.category, c.tier, c.region,
    p.stock >= l.quantity as stocked,
    (
        select count(*) from entries as e join accounts as a on a.id = e.account_id
        where e.reference = c.id and a.name = 'Overdue'
    ) as earlier,
    exists (select 1 from tickets as t where t.requester_id = c.id and t.status = :open) as complaint,
    exists (select 1 from requests as r where r.reference = o.id and r.status = :approved) as consent
from orders as o
join order_lines as l on l.order_id = o.id
join products as p on p.sku = l.sku
join people as c on c.id = o.customer_id
where o.status = :held

-- name: access
-- one row per ticket
select
    t.id, u.department, u.title as job, u.region, cast(julianday(t.opened_on) - julianday(u.since) as integer) as days,
    s.rating, w.department = u.department as inside,
    exists (select 1 from requests as r where r.reference = t.id and r.status = :approved) as consent
from tickets as t
join people as u on u.id = t.requester_id
join documents as d on d.path = t.reference
join people as w on w.id = d.owner_id
join facts_in_text as s on s.path = d.path

-- name: appointments
-- one row per message
select
    m.id, u.department, u.title as job, u.region, f.topic, f.minutes,
    cast(julianday(:today) - julianday(substr(m.sent_at, 1, 10)) as integer) as days,
    (
        select count(*) from events as e
        where e.owner_id = :host and e.status = :booked and substr(e.starts_at, 1, 10) = f.day
    ) as busy
from messages as m
join people as u on u.email = m.sender
join facts_in_text as f on f.path = m.id
where m.folder = :folder

-- name: make_facts_in_text
-- one row per text that states facts
create temp table facts_in_text (path text, rating text, topic text, amount integer, minutes integer, day text)

-- name: add_fact_in_text
-- one row per text that states facts
insert into facts_in_text values (:path, :rating, :topic, :amount, :minutes, :day)

-- name: texts_of_documents
-- one row per document
select path, text from documents

-- name: texts_of_messages
-- one row per message
select id, body from messages
