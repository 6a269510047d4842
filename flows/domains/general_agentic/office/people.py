"""Adds people, products, orders and texts to an office; each function returns the ids and values that it drew."""

from dataclasses import dataclass

from flows.domains.general_agentic.office.office import Office
from flows.domains.general_agentic.office.words import words


@dataclass(frozen=True)
class Person:
    """A person as added."""

    id: str
    name: str
    email: str


def staff(office: Office, manager: str | None = None, **given: str | None) -> Person:
    """A colleague; `given` may fix department, title, region and since."""
    return _person(office, "staff", office.domain, manager, given)


def customer(office: Office, manager: str | None = None, **given: str | None) -> Person:
    """A customer; `given` may fix tier, region and since. `manager` is the account manager."""
    return _person(office, "customer", office.outside, manager, given)


def _person(office: Office, kind: str, domain: str, manager: str | None, given: dict[str, str | None]) -> Person:
    draws, name = office.draws, office.name()
    person = Person(office.new_id("people"), name, f"{name.lower().replace(' ', '.')}@{domain}")
    inside = kind == "staff"
    department = given.get("department") or (draws.choice(office.departments) if inside else None)
    title = given.get("title") or (draws.word("title") if inside else None)
    tier = given.get("tier") or (None if inside else draws.choice(office.tiers))
    region = given.get("region") or draws.choice(office.regions)
    since = given.get("since") or office.day(draws.randint(40, 3_000))
    profile = draws.text("business", 1, 3)
    office.add("people", person.id, name, person.email, kind, department, title, tier, region, manager, since, profile)
    return person


def product(office: Office, category: str, price: int, stock: int) -> str:
    """A product of a category; returns its number."""
    draws = office.draws
    name = f"{draws.word('adjective')} {draws.choice(words()['products'][category])}"
    text = f"The {name} comes with a warranty of {draws.randint(1, 4)} years. {draws.text('background', 1, 2)}"
    return office.add("products", office.new_id("products"), name, category, price, stock, text)


def price_today(paid: int) -> int:
    """The price of a product for which an order paid so much: with today's price no product tells an order's total."""
    return paid + paid // 20 + 1


def order(  # noqa: PLR0913, PLR0917 (all that an order says)
    office: Office, buyer: str, sku: str, quantity: int, price: int, status: str, placed: int, delivered: int | None
) -> str:
    """An order of one line; days are counted back from today. Returns its id."""
    new, arrived = office.new_id("orders"), None if delivered is None else office.day(delivered)
    payment = office.draws.choice(("card", "invoice", "transfer"))
    total = quantity * price
    office.add("orders", new, buyer, office.day(placed), arrived, office.state(status), total, payment, 0)
    office.add("order_lines", new, sku, quantity, price)
    return new


def notes(office: Office, ticket: str, author: str, day: str, *opening: str) -> None:
    """The history of a ticket: the person's own words, with the given sentences among them, and the desk's notes."""
    draws = office.draws
    said = [*draws.text("complaint", 4, 8).split(". "), *opening]
    draws.shuffle(said)
    text = " ".join(one if one.endswith((".", "!", '"')) else f"{one}." for one in said)
    office.add("ticket_notes", office.new_id("ticket_notes"), ticket, author, f"{day}T08:{draws.randint(10, 59)}", text)
    for hour in range(draws.randint(1, 3)):
        at = f"{day}T{10 + hour}:{draws.randint(10, 59)}"
        office.add("ticket_notes", office.new_id("ticket_notes"), ticket, "desk", at, draws.text("desk", 1, 3))


def letter(office: Office, sender: str, folder: str, subject: str, sent: str, *opening: str) -> str:
    """A message to the shared mailbox, with the given sentences in their order among others; returns its id."""
    draws = office.draws
    body = (
        f"Hello,\n\n{draws.text('business', 1, 3)}\n\n{' '.join(opening)}\n\n{draws.text('business', 2, 4)}\n\nRegards"
    )
    recipient = f"desk@{office.domain}"
    return office.add("messages", office.new_id("messages"), folder, sender, recipient, subject, sent, body)
