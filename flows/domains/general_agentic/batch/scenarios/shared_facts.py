"""Facts that several scenarios use: of a person's record, of approved requests, and of ledger entries."""

from typing import Any

from flows.domains.general_agentic.batch.facts import Fact
from flows.domains.general_agentic.batch.work import Call, Item
from flows.domains.general_agentic.office.office import Office


def person_facts(office: Office, who: str, *names: str) -> list[Fact]:
    """Facts in a person's record, such as tier or department; `who` is as in `the customer`."""
    words: dict[str, Any] = {"tier": office.tiers, "region": office.regions, "department": office.departments}
    words["job"] = office.titles
    shown = {name: office.label("title" if name == "job" else name) for name in names}
    return [
        Fact(
            name,
            f"the {shown[name]} of {who}",
            f"The {shown[name]} of {who} is the one in the contact record.",
            words=words[name],
        )
        for name in names
    ]


def approved_fact(office: Office, record: str) -> Fact:
    """True if a request about the item is approved."""
    state = office.state("approved")
    return Fact(
        "consent",
        f"a request about {record} is {state}",
        f"A request counts for {record} if its {office.label('reference')} is the id of {record} and it is {state}; a "
        f"request that is {office.state('pending')} or {office.state('rejected')} does not count.",
        negated=f"no request about {record} is {state}",
        share=0.4,
    )


def entries_fact(office: Office, who: str, account: str, name: str) -> Fact:
    """Number of entries of a person in one account."""
    return Fact(
        "earlier",
        f"the number of earlier entries of {who}",
        f"Earlier entries of {who} are the ledger entries in the account {account} ({name}) whose "
        f"{office.label('reference')} is the id of {who}; entries in other accounts do not count.",
        low=0,
        high=4,
    )


def add_entries(office: Office, person: str, account: str, other: str, count: int) -> list[str]:
    """Add the counted entries of a person, and perhaps some in another account; returns the ids of the counted ones."""
    draws, ids = office.draws, list[str]()
    for place in range(count + draws.randint(0, 2)):
        chosen = account if place < count else other
        day, amount = office.day(draws.randint(100, 700)), draws.randint(5, 400)
        ids.append(
            office.add("entries", office.new_id("entries"), chosen, amount, person, day, draws.text("memo", 1, 1))
        )
    return ids[:count]


def add_request(office: Office, reference: str, amount: int, approver: str, *, approved: bool) -> list[str]:
    """Add an approved request about a record, or now and then a rejected one; returns the id of an approved one."""
    if not approved and office.draws.chance(0.6):
        return []
    state = office.state("approved" if approved else "rejected")
    kind, day = office.draws.choice(office.choices["kind"]), office.day(office.draws.randint(1, 6))
    text = office.draws.text("business", 1, 2)
    new = office.add("requests", office.new_id("requests"), kind, reference, None, approver, amount, state, day, text)
    return [new] if approved else []


def account(office: Office, name: str, owner: str, status: str = "account_open") -> str:
    """Add an account that takes large entries; returns its id."""
    limit = office.draws.randint(20, 60) * 1_000
    remarks = office.draws.text("background", 1, 2)
    return office.add("accounts", office.new_id("accounts"), name, owner, office.state(status), limit, remarks)


def consent_call(record: str) -> Call:
    """The call that lists the requests about a record."""
    return "requests_list", {"reference": record}


def approval_request(kind: str, item: Item) -> Call:
    """The call that requests the approval of an item's total by the manager in charge."""
    given = {"kind": kind, "reference": item.id, "approver_id": item.refs["manager"], "amount": item.values["total"]}
    return "request_make", given
