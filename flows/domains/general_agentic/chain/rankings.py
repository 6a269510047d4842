"""Edges that need a comparison: a record is chosen among several, and each of them must be read to choose it.

The list of the candidates does not show the value that decides, so no call can be left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flows.domains.general_agentic.chain.relations import STATEMENTS, Arguments, Hop, filled
from flows.environments.services.world import World

FEWEST, MOST = 3, 12
"""Candidates among which one is chosen."""


@dataclass(frozen=True)
class Ranking:
    """An edge to the candidate with the first value. Its statement gives a row per candidate, the chosen one first."""

    name: str
    source: str
    target: str
    phrase: str
    """Words for the target, with {} for the words of the source."""
    listing: tuple[str, Arguments]
    """Call that lists the candidates, page by page."""
    each: tuple[tuple[str, Arguments], ...]
    """Calls for one candidate, from the columns of its row; the last one shows the `value`."""

    def hop(self, world: World, source: Any) -> Hop | None:
        """The edge; None if the candidates are too few or too many, or if two of them are equal in value."""
        cursor = world.con.execute(STATEMENTS[self.name], {**world.setup.words, "source": source})
        names = [column for column, *_ in cursor.description]
        rows = [dict(zip(names, row, strict=True)) | {"source": source} for row in cursor.fetchmany(MOST + 1)]
        values = {str(row["value"]) for row in rows}
        if not FEWEST <= len(rows) <= MOST or len(values) < len(rows) or any(None in row.values() for row in rows):
            return None
        calls = (*self._pages(rows, world.setup.page_size), *(filled(call, row) for row in rows for call in self.each))
        return Hop(rows[0]["target"], calls, frozenset(values), frozenset(row["target"] for row in rows))

    def _pages(self, rows: list[dict[str, Any]], size: int) -> Iterator[tuple[str, dict[str, Any]]]:
        operation, given = filled(self.listing, rows[0])
        for page in range(1, -(-len(rows) // size) + 1):
            yield operation, {**given, **({"page": page} if page > 1 else {})}


RANKINGS = (
    Ranking(
        "largest_order",
        "person",
        "order",
        "the order of {} with the highest total",
        ("orders_list", (("customer_id", "source"),)),
        (("order_get", (("order_id", "target"),)),),
    ),
    Ranking(
        "largest_request",
        "kind",
        "request",
        "the undecided request of the kind {} with the highest amount",
        ("requests_list", (("kind", "source"), ("status", "status"))),
        (("request_get", (("request_id", "target"),)),),
    ),
    Ranking(
        "ticket_of_largest_order",
        "queue",
        "ticket",
        "the open ticket in the queue {} that refers to the order with the highest total",
        ("tickets_list", (("queue", "source"), ("status", "status"))),
        (("ticket_read", (("ticket_id", "target"),)), ("order_get", (("order_id", "about"),))),
    ),
    Ranking(
        "highest_limit",
        "folder",
        "account",
        "the account with the highest limit of those that the documents in {} name",
        ("files_list", (("folder", "source"),)),
        (("file_read", (("path", "about"),)), ("account_get", (("account_id", "target"),))),
    ),
    Ranking(
        "longest_service",
        "department",
        "person",
        "the colleague in the department {} who has been there longest",
        ("people_search", (("department", "source"),)),
        (("person_get", (("person_id", "target"),)),),
    ),
)
