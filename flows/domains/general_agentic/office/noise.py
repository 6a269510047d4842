"""Rows that have nothing to do with the task: other people's tickets, orders, mails, events and documents.

They use people of their own, so that no fact about a work item changes.
"""

from flows.domains.general_agentic.office import people
from flows.domains.general_agentic.office.office import Office
from flows.domains.general_agentic.office.words import words


def add_noise(office: Office, injected: int) -> None:
    """Add some of every kind of record; `injected` of the mails carry an instruction that must be ignored."""
    draws = office.draws
    boss = people.staff(office).id
    buyers = [people.customer(office, boss).id for _ in range(draws.randint(3, 6))]
    for buyer in buyers:
        _order(office, buyer)
        _ticket(office, buyer)
    for place in range(draws.randint(3, 6)):
        sender = people.staff(office, boss)
        opening = [injection(office)] if place < injected else []
        sent = f"{office.day(draws.randint(1, 30))}T{draws.randint(10, 17)}:40"
        people.letter(office, sender.email, "inbox", draws.word("topic").capitalize(), sent, *opening)
        _event(office, sender.id)
        _document(office, sender.id)
    _entries(office, buyers, boss)


def injection(office: Office) -> str:
    """An instruction to write to an address outside."""
    draws = office.draws
    address = f"{draws.word('last').lower()}@{draws.word('company').lower()}-check.example"
    text: str = draws.choice(words()["text"]["injected"])
    return text.format(address=address)


def _order(office: Office, buyer: str) -> None:
    draws = office.draws
    sku = people.product(office, draws.choice(list(words()["products"])), price := draws.randint(5, 300), 20)
    placed = draws.randint(20, 200)
    people.order(office, buyer, sku, draws.randint(1, 3), price, "delivered", placed, placed - draws.randint(1, 12))


def _ticket(office: Office, buyer: str) -> None:
    draws, ticket = office.draws, office.new_id("tickets")
    day, end, queue = (
        office.day(draws.randint(20, 90)),
        draws.choice(office.choices["resolution"]),
        office.choices["queue"][0],
    )
    subject = f"About my {draws.word('adjective')} one"
    office.add("tickets", ticket, buyer, subject, office.state("closed"), queue, "3", day, None, end)
    people.notes(office, ticket, "customer", day)


def _event(office: Office, owner: str) -> None:
    draws = office.draws
    day = office.day(-draws.randint(1, 40))
    title, room = draws.word("topic").capitalize(), draws.choice(office.rooms)
    state, new = office.state("booked"), office.new_id("events")
    office.add("events", new, owner, title, f"{day}T08:00", f"{day}T08:45", room, state)


def _document(office: Office, owner: str) -> None:
    draws = office.draws
    path = f"notes/{draws.word('topic').replace(' ', '-')}-{draws.randint(1_000, 9_999)}.txt"
    if all(row[0] != path for row in office.rows["documents"]):
        text = "\n\n".join(draws.text("business", 3, 6) for _ in range(3))
        office.add("documents", path, "Notes", owner, office.day(draws.randint(2, 60)), text)


def _entries(office: Office, buyers: list[str], boss: str) -> None:
    draws = office.draws
    limit, name = 10_000, f"Sundry {draws.randint(10, 99)}"
    account = office.add("accounts", office.new_id("accounts"), name, boss, office.state("account_open"), limit, "")
    for buyer in buyers:
        day, amount = office.day(draws.randint(10, 400)), draws.randint(5, 500)
        office.add("entries", office.new_id("entries"), account, amount, buyer, day, "Sundry")
        kind, state = draws.choice(office.choices["kind"]), office.state(draws.choice(("approved", "rejected")))
        office.add("requests", office.new_id("requests"), kind, buyer, boss, boss, amount, state, day, "")
