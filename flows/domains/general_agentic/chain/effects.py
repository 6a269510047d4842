"""The writes that a chain can end in: typed slots for the ends of paths, and values that the instruction gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Effect:
    """One kind of write."""

    operation: str
    words: str
    """The sentence of the instruction, with the arguments as placeholders."""
    slots: Mapping[str, tuple[str, ...]]
    """Argument -> types of records or values that fit it."""
    bound: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Argument -> (relation, slot): the value that follows from the record in that slot."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Argument -> kind of value that is drawn and printed, such as `resolution`."""


EFFECTS = (
    Effect(
        "order_refund",
        "Refund in full: {order_id}.",
        {"order_id": ("order",)},
        bound={"amount": ("order_total", "order_id")},
    ),
    Effect(
        "ticket_close",
        'Close {ticket_id} as "{resolution}".',
        {"ticket_id": ("ticket",)},
        given={"resolution": "resolution"},
    ),
    Effect("ticket_route", 'Hand {ticket_id} over to "{queue}".', {"ticket_id": ("ticket",)}, given={"queue": "queue"}),
    Effect(
        "entry_post",
        "Post {amount} to {account_id}; the entry is for {reference}.",
        {"amount": ("amount",), "account_id": ("account",), "reference": ("order", "ticket")},
    ),
    Effect(
        "person_set_manager",
        "From now on, {person_id} reports to {manager_id}.",
        {"manager_id": ("person",), "person_id": ("person",)},
    ),
    Effect(
        "person_set_region",
        "Move {person_id} to {region}.",
        {"region": ("region",), "person_id": ("person",)},
    ),
    Effect(
        "request_make",
        'Make a request of the kind "{kind}" about {reference} for {amount}, to be decided by {approver_id}.',
        {"reference": ("order", "ticket", "account"), "amount": ("amount",), "approver_id": ("person",)},
        given={"kind": "kind"},
    ),
    Effect(
        "request_decide",
        'Decide {request_id} as "{decision}".',
        {"request_id": ("request",)},
        given={"decision": "decision"},
    ),
    Effect(
        "mail_send",
        "Write to {recipient}; the subject is the bare id of {subject}.",
        {"recipient": ("email",), "subject": ("order", "ticket", "request", "account", "event")},
    ),
    Effect(
        "event_book",
        'For {owner_id}: book the room {room} at {starts_at} for {minutes} minutes under the title "{title}"; what is '
        "booked in that room at that time gives way.",
        {"owner_id": ("person",)},
        given={"room": "room", "title": "title"},
    ),
)
WEIGHTS = {"mail_send": 2, "ticket_close": 2, "ticket_route": 2}
"""Operation -> how often it is drawn; others 4."""
CREATES = {"request_make": ("requests", "request"), "event_book": ("events", "event")}
"""Operation -> (table, type) of the record that it creates."""
