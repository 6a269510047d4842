"""Returns: tickets of customers who want to send an order back, decided from shop, contacts, ledger and approvals."""

from collections.abc import Mapping
from typing import Any

from flows.domains.general_agentic.batch.facts import Fact
from flows.domains.general_agentic.batch.scenarios import shared_facts as shared
from flows.domains.general_agentic.batch.work import Batch, Item, Outcome, Scenario
from flows.domains.general_agentic.office import people
from flows.domains.general_agentic.office.office import Office
from flows.domains.general_agentic.office.words import words

CATEGORIES = 5


def open_returns(office: Office) -> Batch:
    """Draw queue, accounts and outcomes."""
    draws = office.draws
    lead = people.staff(office, title="controller")
    queue, second = draws.choice(("returns", "send-backs", "take-backs")), draws.word("queue")
    kinds, ends = draws.words("kind", 3), draws.words("resolution", 5)
    office.offer(queue=[queue, second, *draws.words("queue", 2)], resolution=ends, kind=kinds)
    office.offer(queue=list(dict.fromkeys(office.choices["queue"])))
    paid = shared.account(office, "Paid back", lead.id)
    credit = shared.account(office, "Store credit", lead.id)
    managers = [people.staff(office, title="coordinator").id for _ in range(4)]
    categories = draws.sample(list(words()["products"]), CATEGORIES)
    share = draws.randint(3, 17) * 5

    def make(values: Mapping[str, Any]) -> Item:
        return _item(office, queue, managers, (paid, credit), values)

    return Batch(
        office,
        f"{draws.choice(('Returns', 'Goods sent back', 'Taking back orders'))}",
        f"tickets in the queue {queue} that are {office.state('open')}",
        [("tickets_list", {"queue": queue, "status": office.state("open")})],
        _facts(office, categories, paid),
        _outcomes(office, ends, second, kinds[0], credit, share),
        make,
        ["tickets", "shop", "contacts", "ledger", "approvals", "files", "mail"],
        [
            f"The order of a ticket is the one in its {office.label('reference')}; each order has one line.",
            f"The total of an order is its {office.label('total')}.",
            "Only the person who hands over the batch knows the share of partial refunds; a question to that person "
            "gives it. Parts are rounded down to whole units.",
        ],
        {"share of partial refunds": f"For this batch the share is {share} percent."},
    )


def _facts(office: Office, categories: list[str], paid: str) -> list[Fact]:
    delivered, opened = office.label("delivered_on"), office.label("opened_on")
    goods = (
        "The state of the goods is sealed, opened or damaged on arrival, as the customer describes it in the ticket."
    )
    return [
        Fact("total", "the total of the order", "Totals are compared in whole units.", low=20, high=900),
        Fact(
            "days",
            "the number of days between delivery and ticket",
            f"Days are counted from {delivered} of the order to {opened} of the ticket; the same day counts as 0.",
            low=0,
            high=80,
        ),
        Fact(
            "category",
            f"the {office.label('category')} of the product",
            f"The {office.label('category')} is the one in the product's record.",
            words=categories,
        ),
        Fact("goods", "the state of the goods", goods, words=("sealed", "opened", "damaged")),
        *shared.person_facts(office, "the customer", "tier", "region"),
        shared.entries_fact(office, "the customer", paid, "Paid back"),
        shared.approved_fact(office, "the ticket"),
    ]


def _outcomes(  # noqa: PLR0913, PLR0917 (all that the outcomes name)
    office: Office, ends: list[str], second: str, kind: str, credit: str, share: int
) -> list[Outcome]:
    def close(item: Item, end: str) -> tuple[str, dict[str, Any]]:
        return "ticket_close", {"ticket_id": item.id, "resolution": end}

    def refund(item: Item, amount: int) -> tuple[str, dict[str, Any]]:
        return "order_refund", {"order_id": item.refs["order"], "amount": amount}

    def give_credit(item: Item) -> tuple[str, dict[str, Any]]:
        return "entry_post", {"account_id": credit, "amount": item.values["total"], "reference": item.refs["customer"]}

    manager = office.label("manager_id")
    return [
        Outcome(
            "full",
            f'refund the whole total of the order and close the ticket as "{ends[0]}"',
            lambda item: [refund(item, item.values["total"]), close(item, ends[0])],
            ["total"],
        ),
        Outcome(
            "part",
            f'refund the share of partial refunds of the total and close the ticket as "{ends[1]}"',
            lambda item: [refund(item, item.values["total"] * share // 100), close(item, ends[1])],
            ["total"],
        ),
        Outcome(
            "credit",
            f"post the total of the order to the account {credit} with the customer's id as "
            f'{office.label("reference")} and close the ticket as "{ends[2]}"',
            lambda item: [give_credit(item), close(item, ends[2])],
            ["total"],
        ),
        Outcome(
            "none", f'close the ticket as "{ends[3]}" without paying anything', lambda item: [close(item, ends[3])]
        ),
        Outcome(
            "route",
            f'hand the ticket over to the queue "{second}" and leave it open',
            lambda item: [("ticket_route", {"ticket_id": item.id, "queue": second})],
        ),
        Outcome(
            "ask",
            f'make a request of the kind "{kind}" about the ticket for the total of the order, to be decided by the '
            f"person in {manager} of the customer, and leave the ticket open",
            lambda item: [shared.approval_request(kind, item)],
            ["total", "tier"],
        ),
    ]


def _item(
    office: Office, queue: str, managers: list[str], accounts: tuple[str, str], values: Mapping[str, Any]
) -> Item:
    draws, total = office.draws, values["total"]
    manager = draws.choice(managers)
    buyer = people.customer(office, manager, tier=values["tier"], region=values["region"])
    quantity = draws.choice([count for count in (1, 2, 3, 4) if total % count == 0])
    sku = people.product(office, values["category"], people.price_today(total // quantity), draws.randint(0, 40))
    opened = draws.randint(1, 12)
    delivered = opened + values["days"]
    order = people.order(
        office, buyer.id, sku, quantity, total // quantity, "delivered", delivered + draws.randint(1, 9), delivered
    )
    subject, priority = (
        f"{draws.choice(('Return of', 'About', 'Question on', 'Problem with'))} {order}",
        draws.choice("123"),
    )
    state, day = office.state("open"), office.day(opened)
    ticket = office.new_id("tickets")
    office.add("tickets", ticket, buyer.id, subject, state, queue, priority, day, order, None)
    people.notes(office, ticket, buyer.name, day, draws.choice(words()["conditions"][values["goods"]]))
    earlier = shared.add_entries(office, buyer.id, *accounts, values["earlier"])
    consent = shared.add_request(office, ticket, total, manager, approved=values["consent"])
    show = ("order_get", {"order_id": order})
    person = ("person_get", {"person_id": buyer.id})
    return Item(
        ticket,
        values,
        {
            "item": [("ticket_read", {"ticket_id": ticket})],
            "total": [show],
            "days": [show],
            "category": [show, ("product_get", {"sku": sku})],
            "tier": [person],
            "region": [person],
            "earlier": [("entries_list", {"reference": buyer.id})],
            "consent": [shared.consent_call(ticket)],
        },
        {
            "item": (order,),
            "total": (str(total),),
            "days": (office.day(delivered),),
            "category": (values["category"],),
            "tier": (values["tier"],),
            "region": (values["region"],),
            "earlier": earlier,
            "consent": consent,
        },
        {"order": order, "customer": buyer.id, "manager": manager},
    )


RETURNS = Scenario("returns", open_returns, "returns")
