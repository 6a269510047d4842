-- SQLite statements of the shop service, one named block per statement

-- name: create_tables
-- one row per product; one row per order; one row per line of an order
create table products (sku text primary key, name text, category text, price integer, stock integer, description text);
create table orders (
    id text primary key, customer_id text, placed_on text, delivered_on text, status text, total integer,
    payment text, refunded integer
);
create table order_lines (order_id text, sku text, quantity integer, unit_price integer, primary key (order_id, sku));

-- name: orders
-- one row per order
select id, placed_on, status from orders
where (:customer_id is null or customer_id = :customer_id) and (:status is null or status = :status)
order by placed_on, id

-- name: order
-- one row per order
select * from orders where id = :id

-- name: lines
-- one row per order line
select sku, quantity, unit_price from order_lines where order_id = :id order by sku

-- name: product
-- one row per product
select * from products where sku = :sku

-- name: refund
-- one row per order
update orders set refunded = refunded + :amount where id = :id

-- name: set_status
-- one row per order
update orders set status = :status where id = :id
