"""Expenses: claims of colleagues, decided from their receipts, contacts, ledger and approvals."""

from collections.abc import Mapping
from typing import Any

from flows.domains.general_agentic.batch.facts import Fact
from flows.domains.general_agentic.batch.scenarios import shared_facts as shared
from flows.domains.general_agentic.batch.work import Batch, Item, Outcome, Scenario
from flows.domains.general_agentic.office import people
from flows.domains.general_agentic.office.office import Office

RECEIPT = (
    r"Date of receipt: (?P<day>\S+)\n(?:.*\n)*?"
    r"Spent on: (?P<rating>.+)\n(?:.*\n)*?Amount on the receipt: (?P<amount>\d+)"
)


def open_expenses(office: Office) -> Batch:
    """Draw departments' accounts, kinds of requests and outcomes."""
    draws = office.draws
    lead, states = people.staff(office, title="controller"), (office.state("approved"), office.state("rejected"))
    kinds, sorts = draws.words("kind", 3), draws.words("expense", 5)
    claim = draws.choice(("expense", "expense claim", "outlay"))
    office.offer(kind=[claim, *kinds], decision=list(states))
    costs = {name: shared.account(office, f"Costs of {name}", lead.id) for name in office.departments}
    advances = shared.account(office, "Advances", lead.id), shared.account(office, "Loans", lead.id)
    managers, cap = [people.staff(office, title="director").id for _ in range(4)], draws.randint(2, 12) * 10

    def make(values: Mapping[str, Any]) -> Item:
        return _item(office, claim, managers, advances, costs, values)

    return Batch(
        office,
        draws.choice(("Expenses", "Outlays", "Travel and outlays")),
        f"requests of the kind {claim} that are {office.state('pending')}",
        [("requests_list", {"kind": claim, "status": office.state("pending")})],
        _facts(office, sorts, advances[0]),
        _outcomes(office, states, kinds[0], cap),
        make,
        ["approvals", "contacts", "files", "ledger", "mail"],
        [
            f"The receipt of a claim is the document in its {office.label('reference')}.",
            "The account of a department is the ledger account whose name is Costs of, followed by the "
            f"{office.label('department')}.",
            "Only the person who hands over the batch knows the flat rate; a question to that person gives it.",
        ],
        asked={"flat rate": f"Use a flat rate of {cap} this time."},
    )


def _facts(office: Office, sorts: list[str], advances: str) -> list[Fact]:
    made, amount = office.label("made_on"), office.label("amount")
    return [
        Fact("amount", "the amount of the claim", f"The amount of a claim is its {amount}.", low=40, high=800),
        Fact(
            "category",
            "the purpose of the spending",
            "The purpose of the spending is stated on the receipt, and nowhere else.",
            words=sorts,
        ),
        Fact(
            "days",
            "the number of days between receipt and claim",
            f"Days are counted from the date of the receipt to {made} of the claim.",
            low=0,
            high=90,
        ),
        Fact(
            "excess",
            "the excess over the receipt",
            "The excess is the amount of the claim less the amount on the receipt; it can be 0.",
            low=0,
            high=30,
        ),
        *shared.person_facts(office, "the claimant", "job", "department", "region"),
        shared.entries_fact(office, "the claimant", advances, "Advances"),
        shared.approved_fact(office, "the claim"),
    ]


def _outcomes(office: Office, states: tuple[str, str], kind: str, cap: int) -> list[Outcome]:
    def decide(item: Item, state: str) -> tuple[str, dict[str, Any]]:
        return "request_decide", {"request_id": item.id, "decision": state}

    def post(item: Item, amount: int) -> tuple[str, dict[str, Any]]:
        return "entry_post", {"account_id": item.refs["account"], "amount": amount, "reference": item.id}

    def ask(item: Item) -> tuple[str, dict[str, Any]]:
        given = {"kind": kind, "reference": item.id, "approver_id": item.refs["manager"]}
        return "request_make", given | {"amount": item.values["amount"]}

    def write(item: Item) -> tuple[str, dict[str, Any]]:
        return "mail_send", {"recipient": item.refs["email"], "subject": f"Receipt for {item.id}"}

    reference, said = office.label("reference"), f'decide the claim as "{states[0]}"'
    account = f"to the account of the claimant's department with the claim's id as {reference}"
    return [
        Outcome(
            "pay",
            f"{said} and post its amount {account}",
            lambda item: [decide(item, states[0]), post(item, item.values["amount"])],
            ["amount", "department", "account"],
        ),
        Outcome(
            "flat",
            f"{said} and post the flat rate, whatever was claimed, {account}",
            lambda item: [decide(item, states[0]), post(item, cap)],
            ["department", "account"],
        ),
        Outcome("refuse", f'decide the claim as "{states[1]}"', lambda item: [decide(item, states[1])]),
        Outcome(
            "ask",
            f'leave the claim undecided and make a request of the kind "{kind}" with the id of the claim as '
            f"{reference} and the amount of the claim, to be decided by the person in "
            f"{office.label('manager_id')} of the claimant",
            lambda item: [ask(item)],
            ["amount", "job"],
        ),
        Outcome(
            "write",
            'leave the claim undecided and write to the claimant with the subject "Receipt for", a space and the id of '
            "the claim",
            lambda item: [write(item)],
            ["job"],
        ),
    ]


def _item(  # noqa: PLR0913, PLR0917 (all that a claim is drawn from)
    office: Office,
    claim: str,
    managers: list[str],
    advances: tuple[str, str],
    costs: Mapping[str, str],
    values: Mapping[str, Any],
) -> Item:
    draws, manager = office.draws, office.draws.choice(managers)
    person = people.staff(
        office, manager, title=values["job"], department=values["department"], region=values["region"]
    )
    made, new = draws.randint(0, 9), office.new_id("requests")
    path, day = f"receipts/{draws.randint(100, 999)}-{new.lower()}.txt", office.day(made + values["days"])
    paid = max(1, values["amount"] - values["excess"])
    text = (
        f"RECEIPT\nDate of receipt: {day}\nIssued to: {person.name}\n{draws.text('background', 1, 3)}\n"
        f"Spent on: {values['category']}\n{draws.text('business', 1, 3)}\nAmount on the receipt: {paid}\n"
        f"{draws.text('background', 1, 2)}\n"
    )
    office.add("documents", path, f"Receipt of {person.name}", person.id, day, text)
    state, remarks = office.state("pending"), draws.text("business", 2, 5)
    amount = values["amount"]
    office.add("requests", new, claim, path, person.id, manager, amount, state, office.day(made), remarks)
    earlier = shared.add_entries(office, person.id, *advances, values["earlier"])
    consent = shared.add_request(office, new, amount, manager, approved=values["consent"])
    show, receipt = ("request_get", {"request_id": new}), ("file_read", {"path": path})
    contact = ("person_get", {"person_id": person.id})
    return Item(
        new,
        values,
        {
            "item": [show],
            "category": [receipt],
            "days": [receipt],
            "excess": [receipt],
            **{name: [contact] for name in ("job", "department", "region")},
            "account": [("account_get", {"account_id": costs[values["department"]]})],
            "earlier": [("entries_list", {"reference": person.id})],
            "consent": [shared.consent_call(new)],
        },
        {
            "item": (path,),
            "amount": (str(amount),),
            "category": (values["category"],),
            "days": (day,),
            "excess": (f"receipt: {paid}",),
            "job": (values["job"],),
            "department": (values["department"],),
            "account": (costs[values["department"]],),
            "region": (values["region"],),
            "earlier": earlier,
            "consent": consent,
        },
        {"path": path, "manager": manager, "email": person.email, "account": costs[values["department"]]},
    )


EXPENSES = Scenario("expenses", open_expenses, "expenses", ("documents", RECEIPT))
