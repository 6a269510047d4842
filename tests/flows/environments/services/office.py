"""A small office world, with a few rows of every table."""

from typing import Any

from flows.environments.services import Services
from flows.environments.services.catalogue import ALL
from flows.environments.services.setup import Setup
from flows.environments.tool import Answer, ToolCall

DOCUMENT = "\n".join(f"Line {number} of the handbook says something of its own." for number in range(200))
ROWS: dict[str, list[list[Any]]] = {
    "messages": [["M1", "inbox", "ada@a.example", "desk@a.example", "Hello", "2026-03-01T10:00", "Where is order O1?"]],
    "events": [["E1", "P1", "Audit", "2026-03-20T10:00", "2026-03-20T11:00", "Oak", "booked"]],
    "products": [["S1", "kettle", "kitchen", 20, 5, "A kettle."]],
    "orders": [
        ["O1", "P2", "2026-02-01", "2026-02-05", "delivered", 60, "card", 0],
        ["O2", "P2", "2026-02-02", None, "held", 40, "card", 0],
    ],
    "order_lines": [["O1", "S1", 3, 20], ["O2", "S1", 2, 20]],
    "tickets": [
        [f"T{number}", "P2", "Return", "open", "returns", "2", f"2026-03-{number:02}", "O1", None]
        for number in range(1, 13)
    ],
    "ticket_notes": [["N1", "T1", "Bo", "2026-03-01T09:00", "It is broken."]],
    "accounts": [["A1", "Refunds", "P1", "account_open", 100, ""], ["A2", "Old", "P1", "shut", 100, ""]],
    "entries": [["B1", "A1", 30, "P2", "2026-01-01", "earlier"]],
    "documents": [["policies/returns.txt", "Returns", "P1", "2026-01-01", DOCUMENT]],
    "people": [
        ["P1", "Ada", "ada@a.example", "staff", "sales", "clerk", None, "north", None, "2020-01-01", ""],
        ["P2", "Bo", "bo@b.example", "customer", None, None, "gold", "south", "P1", "2021-01-01", ""],
    ],
    "requests": [["R1", "waiver", "T1", "P2", "P1", 60, "pending", "2026-03-02", ""]],
}
CHOICES = {
    "resolution": ["settled", "denied"],
    "queue": ["returns", "legal"],
    "kind": ["waiver"],
    "decision": ["approved", "rejected"],
    "order_status": ["held", "released", "cancelled"],
    "region": ["north", "south"],
    "room": ["Oak", "Elm"],
}


def setup(**given: Any) -> Setup:
    """The setup, with all services."""
    values: dict[str, Any] = {"rows": ROWS, "choices": CHOICES, "page_size": 5} | given
    return Setup("2026-03-12T09:00", [name for name in ALL if name != "user"], **values)


def world(**given: Any) -> Services:
    """A fresh world."""
    return Services(setup(**given))


def act(services: Services, name: str, /, **arguments: Any) -> Answer:
    """The answer of one call."""
    return services.act(ToolCall("c", name, arguments))
