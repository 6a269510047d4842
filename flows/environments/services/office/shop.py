"""The shop service: products, orders with their lines, refunds and the state of an order."""

from typing import Any

from pydantic import Field

from flows.environments.services.operation import Operation, Refusal, Row, Service, statements
from flows.environments.services.world import World
from flows.environments.tool import Arguments

SQL = statements("shop")


class ListOrders(Arguments):
    customer_id: str | None = Field(None, description="only orders of this customer")
    status: str | None = Field(None, description="only orders in this state")
    page: int = Field(1, ge=1, description="page of the list")


class OneOrder(Arguments):
    order_id: str = Field(description="id of the order")


class OneProduct(Arguments):
    sku: str = Field(description="number of the product")


class Refund(Arguments):
    order_id: str = Field(description="id of the order")
    amount: int = Field(ge=1, le=1_000_000_000, description="amount to pay back, in whole units of the currency")


class SetStatus(Arguments):
    order_id: str = Field(description="id of the order")
    order_status: str = Field(description="new state", json_schema_extra={"choice": "order_status"})


def list_orders(world: World, given: Any) -> Row:
    found = world.page(SQL["orders"], **given.model_dump())
    found["items"] = [{"order_id": one.pop("id"), **one} for one in found["items"]]
    return found


def _order(world: World, order_id: str) -> Row:
    return world.one(SQL["order"], f"There is no order {order_id}.", id=order_id)


def get_order(world: World, given: Any) -> Row:
    row = _order(world, given.order_id)
    return {"order_id": row.pop("id"), **row, "lines": world.rows(SQL["lines"], id=given.order_id)}


def get_product(world: World, given: Any) -> Row:
    return world.one(SQL["product"], f"There is no product {given.sku}.", sku=given.sku)


def refund_order(world: World, given: Any) -> Row:
    row = _order(world, given.order_id)
    settled = world.word("delivered"), world.word("cancelled")
    if row["status"] not in settled:
        raise Refusal(
            f"Order {row['id']} is {row['status']}; only orders that are {' or '.join(settled)} are refunded."
        )
    if row["refunded"] + given.amount > row["total"]:
        raise Refusal(f"Order {row['id']} has a total of {row['total']}, and {row['refunded']} of it is refunded.")
    world.write(SQL["refund"], id=row["id"], amount=given.amount)
    return {"order_id": row["id"], "refunded": row["refunded"] + given.amount}


def set_order_status(world: World, given: Any) -> Row:
    row = _order(world, given.order_id)
    if row["status"] in (world.word("delivered"), world.word("cancelled")):
        raise Refusal(f"Order {row['id']} is {row['status']}; that is final.")
    if row["status"] == given.order_status:
        raise Refusal(f"Order {row['id']} is {row['status']} already.")
    if given.order_status not in world.setup.choices.get("order_status", ()):
        raise Refusal(f"{given.order_status} is not a state of orders.")
    world.write(SQL["set_status"], id=row["id"], status=given.order_status)
    return {"order_id": row["id"], "status": given.order_status}


SHOP = Service(
    "shop",
    ("products", "orders", "order_lines"),
    (
        Operation("orders_list", ListOrders, list_orders, ("orders",), names=("order_search", "shop_orders")),
        Operation("order_get", OneOrder, get_order, ("orders", "order_lines"), names=("order_show", "shop_order")),
        Operation("product_get", OneProduct, get_product, ("products",), names=("product_show", "catalogue_entry")),
        Operation(
            "order_refund",
            Refund,
            refund_order,
            ("orders",),
            ("orders",),
            requires=("order_settled",),
            names=("refund_issue", "pay_back"),
        ),
        Operation(
            "order_set_status",
            SetStatus,
            set_order_status,
            ("orders",),
            ("orders",),
            establishes=("order_settled",),
            names=("order_update", "order_transition"),
        ),
    ),
)
