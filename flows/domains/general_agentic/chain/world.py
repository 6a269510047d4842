"""The office of a chain: people, orders, tickets, mails, documents, accounts and requests that refer to each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from flows.domains.general_agentic.office import people
from flows.domains.general_agentic.office.office import Office
from flows.domains.general_agentic.office.words import words

N_STAFF, N_CUSTOMERS, N_PROJECTS = (6, 2), (5, 4), (4, 1)
"""People and projects of an office: so many, and so many more for each chain."""


@dataclass
class Linked:
    """The records from which a chain may start, by the words that the instruction has for them."""

    people: dict[str, str] = field(default_factory=dict)
    """Name -> id."""
    accounts: dict[str, str] = field(default_factory=dict)
    """Name -> id."""
    documents: list[str] = field(default_factory=list)
    groups: dict[str, Sequence[str]] = field(default_factory=dict)
    """Kind of a group of records, such as `queue` -> its names."""


def link_office(office: Office, n_chains: int) -> Linked:
    """Fill the office with records for so many chains."""
    linked, draws = Linked(), office.draws
    n_staff, n_customers, n_projects = (few + more * n_chains for few, more in (N_STAFF, N_CUSTOMERS, N_PROJECTS))
    staff: list[people.Person] = []
    for _ in range(n_staff):
        staff.append(people.staff(office, draws.choice(staff).id if staff else None))
    customers = [people.customer(office, draws.choice(staff).id) for _ in range(n_customers)]
    linked.groups = {one: office.choices[one] for one in ("queue", "kind")}
    linked.groups |= {"department": office.departments, "folder": ["projects/"]}
    linked.people = {one.name: one.id for one in (*staff, *customers)}
    for topic in draws.words("topic", n_projects):
        _project(office, linked, topic, draws.choice(staff).id)
    for place, one in enumerate((*staff, *customers)):
        for _ in range(draws.randint(1, 2)):
            _message(office, linked, one, place)
    for one in customers:
        _order(office, linked, one, draws.choice(staff).id)
    _events(office, [one.id for one in staff])
    return linked


def _project(office: Office, linked: Linked, topic: str, owner: str) -> None:
    draws, name = office.draws, f"{topic.capitalize()} {office.draws.randint(10, 99)}"
    limit, state = draws.randint(101, 449), office.state("account_open")
    account = office.add(
        "accounts", office.new_id("accounts"), name, owner, state, limit, draws.text("background", 1, 2)
    )
    linked.accounts[name] = account
    path = f"projects/{topic.replace(' ', '-')}.txt"
    text = (
        f"{topic.upper()}\n\n{draws.text('business', 3, 6)}\n\nAll costs of it are posted to the account {account}. "
        f"{draws.text('background', 2, 4)}\n\n{draws.text('business', 2, 5)}\n"
    )
    office.add("documents", path, topic.capitalize(), owner, office.day(draws.randint(5, 90)), text)
    linked.documents.append(path)


def _message(office: Office, linked: Linked, writer: people.Person, place: int) -> None:
    draws, day = office.draws, office.day(office.draws.randint(1, 60))
    sent = f"{day}T{draws.randint(10, 17)}:{10 + place % 50}"
    text = f"The details are in {draws.choice(linked.documents)} as before."
    people.letter(office, writer.email, "inbox", draws.word("topic").capitalize(), sent, text)


def _order(office: Office, linked: Linked, buyer: people.Person, approver: str) -> None:
    draws, gap = office.draws, office.draws.randint(3, 9)
    price = draws.randint(101, 997)
    sku = people.product(office, draws.choice(list(words()["products"])), price, draws.randint(1, 50))
    for place, quantity in enumerate(draws.sample(range(1, 7), draws.choice((1, 1, 2, 3, 4, 5)))):
        status = draws.choice(("delivered", "held", "processing"))
        placed = 10 + gap * (place + 1)
        delivered = placed - 4 if status == "delivered" else None
        order = people.order(office, buyer.id, sku, quantity, price, status, placed, delivered)
        amount, account = draws.randint(11, 99), draws.choice(list(linked.accounts.values()))
        memo, day = draws.text("memo", 1, 1), office.day(placed - 1)
        office.add("entries", office.new_id("entries"), account, amount, order, day, memo)
        if draws.chance(0.7):
            _request(office, order, approver)
    _ticket(office, buyer, order, approver)


def _ticket(office: Office, buyer: people.Person, order: str, approver: str) -> None:
    draws, day = office.draws, office.day(office.draws.randint(1, 9))
    ticket, queue, subject = office.new_id("tickets"), draws.choice(office.choices["queue"]), "A question"
    office.add("tickets", ticket, buyer.id, subject, office.state("open"), queue, draws.choice("123"), day, order, None)
    people.notes(office, ticket, buyer.name, day)
    if draws.chance(0.5):
        _request(office, ticket, approver)


def _request(office: Office, reference: str, approver: str) -> None:
    draws, kind = office.draws, office.draws.choice(office.choices["kind"])
    amount, day = draws.randint(1_001, 4_999), office.day(draws.randint(1, 9))
    state, text = office.state("pending"), draws.text("business", 1, 3)
    office.add("requests", office.new_id("requests"), kind, reference, approver, approver, amount, state, day, text)


def _events(office: Office, staff: list[str]) -> None:
    draws = office.draws
    for ahead in range(1, 11):
        hour, day, room = draws.randint(9, 16), office.day(-ahead), draws.choice(office.rooms)
        title, state, new = draws.word("topic").capitalize(), office.state("booked"), office.new_id("events")
        start, end = f"{day}T{hour:02}:00", f"{day}T{hour:02}:45"
        office.add("events", new, draws.choice(staff), title, start, end, room, state)
