-- SQLite statements that follow a relation from one record, a block per relation; the target is unique or there is none

-- name: ticket_requester
-- one row per ticket
select requester_id as target from tickets where id = :source

-- name: ticket_order
-- one row per ticket
select reference as target from tickets where id = :source and reference is not null

-- name: order_customer
-- one row per order
select customer_id as target from orders where id = :source

-- name: order_total
-- one row per order
select total as target from orders where id = :source

-- name: order_account
-- one row per entry about the order
select account_id as target from entries where reference = :source

-- name: order_request
-- one row per pending request about the order
select id as target from requests where reference = :source and status = :pending

-- name: ticket_request
-- one row per pending request about the ticket
select id as target from requests where reference = :source and status = :pending

-- name: request_pending
-- one row per pending request
select id as target from requests where id = :source and status = :pending

-- name: request_approver
-- one row per request
select approver_id as target from requests where id = :source

-- name: request_amount
-- one row per request
select amount as target from requests where id = :source

-- name: person_manager
-- one row per person with a manager
select manager_id as target from people where id = :source and manager_id is not null

-- name: person_email
-- one row per person
select email as target from people where id = :source

-- name: person_region
-- one row per person
select region as target from people where id = :source

-- name: person_message
-- one row: the latest message of the person
select m.id as target, p.email from people as p join messages as m on m.sender = p.email
where p.id = :source order by m.sent_at desc limit 1

-- name: person_order
-- one row: the latest order of the person
select id as target from orders where customer_id = :source order by placed_on desc limit 1

-- name: person_ticket
-- one row per open ticket of the person
select id as target, :open as status from tickets where requester_id = :source and status = :open

-- name: document_owner
-- one row per document
select owner_id as target from documents where path = :source

-- name: document_account
-- one row per account that the document names
select a.id as target from documents as d join accounts as a on instr(d.text, a.id || '.') > 0 where d.path = :source

-- name: account_owner
-- one row per account
select owner_id as target from accounts where id = :source

-- name: message_document
-- one row per document that the message names
select d.path as target from messages as m join documents as d on instr(m.body, d.path) > 0 where m.id = :source

-- name: order_state
-- one row per order
select status as target from orders where id = :source and refunded = 0

-- name: account_limit
-- one row per open account
select entry_limit as target from accounts where id = :source

-- name: room_clash
-- one row per event in the way
select id as target from events where room = :room and status = :booked and substr(starts_at, 1, 13) = :hour

-- name: ticket_queue
-- one row per open ticket
select queue as target from tickets where id = :source and status = :open

-- name: approved
-- one row per approved request about the record
select id as target from requests where reference = :source and status = :approved

-- name: largest_order
-- one row per order of the person, the largest first
select id as target, total as value from orders where customer_id = :source order by total desc

-- name: largest_request
-- one row per pending request of the kind, the largest first
select id as target, amount as value, status from requests where kind = :source and status = :pending
order by amount desc

-- name: ticket_of_largest_order
-- one row per open ticket of the queue, that about the largest order first
select t.id as target, o.id as about, o.total as value, t.status
from tickets as t left join orders as o on o.id = t.reference
where t.queue = :source and t.status = :open order by o.total desc

-- name: longest_service
-- one row per person of the department, the first to come first
select id as target, since as value from people where department = :source order by since

-- name: highest_limit
-- one row per account that a document of the folder names, that with the highest limit first
select a.id as target, d.path as about, a.entry_limit as value
from documents as d join accounts as a on instr(d.text, a.id || '.') > 0
where d.path like :source || '%' order by a.entry_limit desc
