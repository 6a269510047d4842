"""Takes the rows away on which a solution rests, one at a time, to prove that each must be read."""

import json
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from flows.domains.contract import Draft
from flows.domains.general_agentic.solution import from_json
from flows.environments.services.catalogue import Offer
from flows.environments.services.setup import Setup

COUNTED = {"entries", "events", "requests", "tickets"}
"""Tables whose rows count for an item without being opened."""
REPEATING = {"order_lines"}
"""Tables whose values other rows repeat: a line repeats the order's total and the product's number."""


def without_rows(draft: Draft, draws: Random, count: int) -> Iterator[tuple[Draft, object]]:
    """At most so many drafts, each without one row that the solution rests on, and that row."""
    setup, offer = json.loads(draft.setup), Offer(Setup.from_json(draft.setup))
    rows = [(table, row) for table, found in setup["rows"].items() for row in found if table not in REPEATING]
    resting = [(table, row) for table, row in rows if rests_on(draft, offer, table, row)]
    assert resting
    for table, row in draws.sample(resting, min(count, len(resting))):
        cut = {**setup["rows"], table: [one for one in setup["rows"][table] if one is not row]}
        yield replace(draft, setup=json.dumps({**setup, "rows": cut})), (table, row)


def rests_on(draft: Draft, offer: Offer, table: str, row: list[object]) -> bool:
    """True if a part of the solution opens the row and expects a text of it, or expects its id in a list."""
    whole = json.dumps(row, ensure_ascii=False)
    for part in from_json(draft.oracle or ""):
        reading = [given for name, given in part.reads if table in offer.operations[name].reads]
        opened = any(row[0] in given.values() for given in reading)
        shown = opened and any(text in whole and text != row[0] for text in part.expects)
        if shown or (table in COUNTED and row[0] in part.expects):
            return True
    return False
