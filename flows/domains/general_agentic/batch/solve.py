"""The solution of a batch: reads the policy with its changes, lists the items, looks each one up and deals with it."""

from collections.abc import Iterator, Sequence

import orjson

from flows.domains.contract import Refused
from flows.domains.general_agentic.batch.policy import Policy
from flows.domains.general_agentic.batch.work import Batch, Call, Item, Outcome
from flows.domains.general_agentic.solution import Part, Shown
from flows.environments.services.catalogue import Offer
from flows.environments.services.office.files import split


def solve(offer: Offer, batch: Batch, policy: Policy, items: Sequence[Item], path: str) -> list[Part]:
    """The opening, then a part per item. Raises Refused if an outcome makes no call."""
    outcomes = {one.name: one for one in batch.outcomes}
    expects = [*_policy_texts(batch, policy, path), *(item.id for item in items)]
    parts = [Part(_shown(offer, _opening(batch, items, path)), list(map(_as_shown, expects)), [])]
    for item in items:
        outcome = outcomes[policy.decide(item.values)[1]]
        parts.append(_part(offer, policy, item, outcome))
    return parts


def _opening(batch: Batch, items: Sequence[Item], path: str) -> Iterator[Call]:
    office = batch.office
    text = next(str(row[4]) for row in office.rows["documents"] if row[0] == path)
    yield from (("file_read", {"path": path, "part": part}) for part in range(1, len(split(text)) + 1))
    yield "mail_list", {"folder": "policies"}
    yield from (("mail_read", {"message_id": str(row[0])}) for row in office.rows["messages"] if row[1] == "policies")
    yield from (("ask_user", {"topic": topic}) for topic in batch.asked)
    if "ledger" in batch.services:
        pages = -(-len(office.rows["accounts"]) // office.page_size)
        yield from (("accounts_list", {"page": page}) for page in range(1, pages + 1))
    pages = -(-len(items) // office.page_size)
    for operation, arguments in batch.listing:
        yield from ((operation, {**arguments, "page": page}) for page in range(1, pages + 1))


def _policy_texts(batch: Batch, policy: Policy, path: str) -> Iterator[str]:
    """The texts without which no item can be decided: the clauses, their change, and the user's values."""
    text = next(str(row[4]) for row in batch.office.rows["documents"] if row[0] == path)
    yield from text.partition("B. Clauses\n")[2].partition("\n\nC. Changes")[0].splitlines()
    if policy.amendment is not None:
        yield policy.amendment.new.words()
    yield from batch.asked.values()


def _as_shown(text: str) -> str:
    """A text as the JSON of an answer shows it."""
    return orjson.dumps(text).decode()[1:-1]


def _part(offer: Offer, policy: Policy, item: Item, outcome: Outcome) -> Part:
    wanted = ["item", *sorted(policy.facts() | set(outcome.reads))]
    reads = [call for name in wanted for call in item.reads.get(name, ())]
    unique = [call for place, call in enumerate(reads) if call not in reads[:place]]
    expects = [_as_shown(text) for name in wanted for text in item.seen.get(name, ())]
    writes = outcome.calls(item)
    if not writes:
        raise Refused("nothing_to_do")
    return Part(_shown(offer, unique), expects, _shown(offer, writes))


def _shown(offer: Offer, given: Iterator[Call] | Sequence[Call]) -> list[Shown]:
    return [(offer.shown(name), offer.arguments(name, arguments)) for name, arguments in given]
