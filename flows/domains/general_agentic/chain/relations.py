"""The edges of the tool graph: from a record of one type to a record or value of another, by calls that read.

An edge fits another where its target type is the other's source type. SQL gives the target; the calls must show it.
"""

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from flows.domains.general_agentic.batch.work import Call
from flows.environments.services.world import World
from schemas.named_statements import load_statements

STATEMENTS = load_statements("flows.domains.general_agentic.chain", "sql/relations.sql")
TABLE = re.compile(r"\b(?:from|join) (\w+)")
Arguments = tuple[tuple[str, str], ...]
"""(argument of the call, column of the relation's row; `source` is the record itself)."""


@dataclass(frozen=True)
class Hop:
    """An edge followed from one record."""

    target: Any
    calls: tuple[Call, ...]
    """Calls that show the target."""
    weighed: frozenset[str] = frozenset()
    """Values that these calls show and that decide between candidates."""
    candidates: frozenset[Any] = frozenset()
    """Records among which it was chosen."""


@dataclass(frozen=True)
class Relation:
    """One edge."""

    name: str
    source: str
    target: str
    phrase: str
    """Words for the target, with {} for the words of the source."""
    calls: tuple[tuple[str, Arguments], ...]

    def hop(self, world: World, source: Any) -> Hop | None:
        """The edge from a record; None unless there is exactly one target."""
        found = follow(world.con, self.name, world.setup.words, source=source)
        if found is None:
            return None
        return Hop(found["target"], tuple(filled(one, {**found, "source": source}) for one in self.calls))


@cache
def tables_of(name: str) -> frozenset[str]:
    """Tables that a statement reads."""
    return frozenset(TABLE.findall(STATEMENTS[name]))


def filled(call: tuple[str, Arguments], values: Mapping[str, Any]) -> Call:
    """The call with its arguments taken from the columns of a row."""
    operation, given = call
    return operation, {argument: values[column] for argument, column in given}


def _by_id(operation: str, argument: str) -> tuple[tuple[str, Arguments], ...]:
    return ((operation, ((argument, "source"),)),)


TICKET, ORDER, PERSON = (
    _by_id("ticket_read", "ticket_id"),
    _by_id("order_get", "order_id"),
    _by_id("person_get", "person_id"),
)
REQUEST, FILE, ABOUT = (
    _by_id("request_get", "request_id"),
    _by_id("file_read", "path"),
    _by_id("requests_list", "reference"),
)
RELATIONS = (
    Relation("ticket_requester", "ticket", "person", "the person who opened {}", TICKET),
    Relation("ticket_order", "ticket", "order", "the order that {} refers to", TICKET),
    Relation("ticket_request", "ticket", "request", "the undecided request about {}", ABOUT),
    Relation("order_customer", "order", "person", "the customer of {}", ORDER),
    Relation("order_total", "order", "amount", "the total of {}", ORDER),
    Relation(
        "order_account", "order", "account", "the account with an entry for {}", _by_id("entries_list", "reference")
    ),
    Relation("order_request", "order", "request", "the undecided request about {}", ABOUT),
    Relation("request_approver", "request", "person", "the approver of {}", REQUEST),
    Relation("request_amount", "request", "amount", "the amount of {}", REQUEST),
    Relation("person_manager", "person", "person", "the manager of {}", PERSON),
    Relation("person_email", "person", "email", "the address of {}", PERSON),
    Relation("person_region", "person", "region", "the region of {}", PERSON),
    Relation(
        "person_message",
        "person",
        "message",
        "the latest message from {}",
        (*PERSON, ("mail_list", (("sender", "email"),))),
    ),
    Relation("person_order", "person", "order", "the latest order of {}", _by_id("orders_list", "customer_id")),
    Relation(
        "person_ticket",
        "person",
        "ticket",
        "the open ticket of {}",
        (("tickets_list", (("requester_id", "source"), ("status", "status"))),),
    ),
    Relation("document_owner", "document", "person", "the owner of {}", FILE),
    Relation("document_account", "document", "account", "the account named in {}", FILE),
    Relation("account_owner", "account", "person", "the owner of {}", _by_id("account_get", "account_id")),
    Relation(
        "message_document", "message", "document", "the document mentioned in {}", _by_id("mail_read", "message_id")
    ),
)


def follow(con: sqlite3.Connection, name: str, words: Mapping[str, str], **values: Any) -> dict[str, Any] | None:
    """The row of a statement; None unless there is exactly one."""
    cursor = con.execute(STATEMENTS[name], {**words, **values})
    rows = cursor.fetchmany(2)
    if len(rows) != 1:
        return None
    return dict(zip((column[0] for column in cursor.description), rows[0], strict=True))


@dataclass(frozen=True)
class Reached:
    """A record or value that a chain has reached, with the words that name it."""

    type: str
    value: Any
    words: str
