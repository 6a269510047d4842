"""Releases: orders that were held, released or cancelled by stock, customer, ledger, complaints and approvals."""

from collections.abc import Mapping
from typing import Any

from flows.domains.general_agentic.batch.facts import Fact
from flows.domains.general_agentic.batch.scenarios import shared_facts as shared
from flows.domains.general_agentic.batch.work import Batch, Item, Outcome, Scenario
from flows.domains.general_agentic.office import people
from flows.domains.general_agentic.office.office import Office
from flows.domains.general_agentic.office.words import words

CATEGORIES = 5


def open_releases(office: Office) -> Batch:
    """Draw accounts, kinds of requests and outcomes."""
    draws = office.draws
    lead, kinds = people.staff(office, title="controller"), draws.words("kind", 3)
    office.offer(
        kind=kinds,
        order_status=[office.state(one) for one in ("held", "released", "cancelled", "processing")],
        queue=draws.words("queue", 4),
        resolution=draws.words("resolution", 4),
    )
    overdue = shared.account(office, "Overdue", lead.id), shared.account(office, "Disputed", lead.id)
    deferred = shared.account(office, "Deferred income", lead.id)
    managers = [people.staff(office, title="coordinator").id for _ in range(4)]
    categories = draws.sample(list(words()["products"]), CATEGORIES)

    def make(values: Mapping[str, Any]) -> Item:
        return _item(office, managers, overdue, values)

    return Batch(
        office,
        draws.choice(("Held orders", "Release of orders", "Order holds")),
        f"orders that are {office.state('held')}",
        [("orders_list", {"status": office.state("held")})],
        _facts(office, categories, overdue[0]),
        _outcomes(office, kinds[0], deferred),
        make,
        ["shop", "contacts", "ledger", "tickets", "approvals", "files", "mail"],
        [
            "Each order has one line.",
            "Stock is compared with one order at a time; an order that is released does not lower it.",
        ],
        {"today": office.today.isoformat(), "held": office.state("held"), "open": office.state("open")},
    )


def _facts(office: Office, categories: list[str], overdue: str) -> list[Fact]:
    placed, category, state = office.label("placed_on"), office.label("category"), office.state("open")
    return [
        Fact(
            "total", "the total of the order", f"The total is the order's {office.label('total')}.", low=30, high=1_500
        ),
        Fact(
            "days",
            "the age of the order in days",
            f"The age of an order is counted in days from {placed} to today.",
            low=1,
            high=60,
        ),
        Fact(
            "category",
            f"the {category} of the product",
            f"The {category} is the one in the product's record.",
            words=categories,
        ),
        Fact(
            "stocked",
            "the stock covers the order",
            f"The stock covers an order if the product's {office.label('stock')} is at least the line's "
            f"{office.label('quantity')}.",
            negated="the stock does not cover the order",
            share=0.6,
        ),
        Fact(
            "complaint",
            f"the customer has a ticket that is {state}",
            f"A customer has a ticket if its {office.label('requester_id')} is the customer's id.",
            negated=f"the customer has no ticket that is {state}",
            share=0.35,
        ),
        *shared.person_facts(office, "the customer", "tier", "region"),
        shared.entries_fact(office, "the customer", overdue, "Overdue"),
        shared.approved_fact(office, "the order"),
    ]


def _outcomes(office: Office, kind: str, deferred: str) -> list[Outcome]:
    released, cancelled = office.state("released"), office.state("cancelled")

    def move(item: Item, state: str) -> tuple[str, dict[str, Any]]:
        return "order_set_status", {"order_id": item.id, "order_status": state}

    def post(item: Item) -> tuple[str, dict[str, Any]]:
        return "entry_post", {"account_id": deferred, "amount": item.values["total"], "reference": item.id}

    def write(item: Item) -> tuple[str, dict[str, Any]]:
        return "mail_send", {"recipient": item.refs["email"], "subject": f"Your order {item.id}"}

    reference, subject = office.label("reference"), 'with the subject "Your order", a space and the id of the order'
    return [
        Outcome("release", f'move the order to "{released}"', lambda item: [move(item, released)]),
        Outcome(
            "defer",
            f'move the order to "{released}" and post its total to the account {deferred} with the order\'s id as '
            f"{reference}",
            lambda item: [move(item, released), post(item)],
            ["total"],
        ),
        Outcome(
            "cancel",
            f'move the order to "{cancelled}" and write to the customer {subject}',
            lambda item: [move(item, cancelled), write(item)],
            ["tier"],
        ),
        Outcome(
            "write",
            f"leave the order as it is and write to the customer {subject}",
            lambda item: [write(item)],
            ["tier"],
        ),
        Outcome(
            "ask",
            f'leave the order as it is and make a request of the kind "{kind}" about it for its total, to be decided '
            f"by the person in {office.label('manager_id')} of the customer",
            lambda item: [shared.approval_request(kind, item)],
            ["total", "tier"],
        ),
    ]


def _item(office: Office, managers: list[str], overdue: tuple[str, str], values: Mapping[str, Any]) -> Item:
    draws, total = office.draws, values["total"]
    manager = draws.choice(managers)
    buyer = people.customer(office, manager, tier=values["tier"], region=values["region"])
    quantity = draws.choice([count for count in range(1, 10) if total % count == 0])
    stock = quantity + draws.choice((0, 1, 7, 30)) if values["stocked"] else draws.randint(0, quantity - 1)
    sku = people.product(office, values["category"], people.price_today(total // quantity), stock)
    order = people.order(office, buyer.id, sku, quantity, total // quantity, "held", values["days"], None)
    state = "open" if values["complaint"] else "closed"
    complaints = list[str]()
    if values["complaint"] or draws.chance(0.5):
        ticket, day = office.new_id("tickets"), office.day(draws.randint(1, 30))
        queue = draws.choice(office.choices["queue"])
        end = None if values["complaint"] else draws.choice(office.choices["resolution"])
        office.add("tickets", ticket, buyer.id, "Where is it?", office.state(state), queue, "2", day, None, end)
        people.notes(office, ticket, buyer.name, day)
        complaints += [ticket] if values["complaint"] else []
    earlier = shared.add_entries(office, buyer.id, *overdue, values["earlier"])
    consent = shared.add_request(office, order, total, manager, approved=values["consent"])
    person = ("person_get", {"person_id": buyer.id})
    product = ("product_get", {"sku": sku})
    tickets = ("tickets_list", {"requester_id": buyer.id, "status": office.state("open")})
    return Item(
        order,
        values,
        {
            "item": [("order_get", {"order_id": order})],
            "category": [product],
            "stocked": [product],
            "complaint": [tickets],
            "tier": [person],
            "region": [person],
            "earlier": [("entries_list", {"reference": buyer.id})],
            "consent": [shared.consent_call(order)],
        },
        {
            "item": (sku,),
            "total": (str(total),),
            "days": (office.day(values["days"]),),
            "category": (values["category"],),
            "stocked": (str(stock),),
            "tier": (values["tier"],),
            "region": (values["region"],),
            "earlier": earlier,
            "consent": consent,
            "complaint": complaints,
        },
        {"manager": manager, "email": buyer.email},
    )


RELEASES = Scenario("releases", open_releases, "releases")
