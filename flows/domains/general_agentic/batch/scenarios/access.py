"""Access: tickets of colleagues who want to use a system, decided from its sheet, contacts and approvals."""

from collections.abc import Mapping
from typing import Any

from flows.domains.general_agentic.batch.facts import Fact
from flows.domains.general_agentic.batch.scenarios import shared_facts as shared
from flows.domains.general_agentic.batch.work import Batch, Item, Outcome, Scenario
from flows.domains.general_agentic.office import people
from flows.domains.general_agentic.office.office import Office
from flows.domains.general_agentic.office.words import words

SHEET = r"The data in it are rated (?P<rating>\w+)\."


def open_access(office: Office) -> Batch:
    """Draw the queue, kinds of requests and outcomes."""
    draws = office.draws
    queue, second = draws.choice(("access", "permissions", "accounts")), draws.word("queue")
    kinds, ends = draws.words("kind", 3), draws.words("resolution", 4)
    office.offer(queue=[queue, second, *[one for one in draws.words("queue", 3) if one != second]])
    office.offer(kind=kinds, resolution=ends)
    managers = [people.staff(office, title="director").id for _ in range(4)]
    owners = {name: people.staff(office, department=name) for name in office.departments}

    def make(values: Mapping[str, Any]) -> Item:
        return _item(office, queue, managers, owners, values)

    return Batch(
        office,
        draws.choice(("Access to systems", "Permissions", "User accounts")),
        f"tickets in the queue {queue} that are {office.state('open')}",
        [("tickets_list", {"queue": queue, "status": office.state("open")})],
        _facts(office),
        _outcomes(office, ends, second, kinds),
        make,
        ["tickets", "contacts", "files", "approvals", "mail"],
        [
            f"The sheet of a system is the document in the ticket's {office.label('reference')}; the system's owner is "
            f"the person in the {office.label('owner_id')} of that document.",
        ],
    )


def _facts(office: Office) -> list[Fact]:
    since, opened, department = office.label("since"), office.label("opened_on"), office.label("department")
    return [
        Fact(
            "days",
            "the number of days that the requester has been with us",
            f"Days with us are counted from {since} in the requester's contact record to {opened} of the ticket.",
            low=20,
            high=900,
        ),
        Fact(
            "rating",
            "the rating of the system",
            "The rating of a system is the one of its data, as the sheet states it.",
            words=words()["rating"],
        ),
        Fact(
            "inside",
            f"the requester is in the {department} of the system's owner",
            f"The {department} of the owner and of the requester are those in their contact records.",
            negated=f"the requester is not in the {department} of the system's owner",
        ),
        *shared.person_facts(office, "the requester", "job", "department", "region"),
        shared.approved_fact(office, "the ticket"),
    ]


def _outcomes(office: Office, ends: list[str], second: str, kinds: list[str]) -> list[Outcome]:
    def close(item: Item, end: str) -> tuple[str, dict[str, Any]]:
        return "ticket_close", {"ticket_id": item.id, "resolution": end}

    def write(item: Item) -> tuple[str, dict[str, Any]]:
        return "mail_send", {"recipient": item.refs["email"], "subject": f"Access for {item.id}"}

    def ask(item: Item, kind: str, approver: str) -> tuple[str, dict[str, Any]]:
        given = {"kind": kind, "reference": item.id, "approver_id": item.refs[approver], "amount": 0}
        return "request_make", given

    ticket = f"with the ticket's id as {office.label('reference')} and the amount 0"
    return [
        Outcome(
            "grant",
            f'close the ticket as "{ends[0]}" and write to the requester with the subject "Access for", a space and '
            "the id of the ticket",
            lambda item: [close(item, ends[0]), write(item)],
            ["job"],
        ),
        Outcome("refuse", f'close the ticket as "{ends[1]}"', lambda item: [close(item, ends[1])]),
        Outcome(
            "route",
            f'hand the ticket over to the queue "{second}" and leave it open',
            lambda item: [("ticket_route", {"ticket_id": item.id, "queue": second})],
        ),
        Outcome(
            "manager",
            f'leave the ticket open and make a request of the kind "{kinds[0]}" {ticket}, to be decided by the person '
            f"in {office.label('manager_id')} of the requester",
            lambda item: [ask(item, kinds[0], "manager")],
            ["job"],
        ),
        Outcome(
            "owner",
            f'leave the ticket open and make a request of the kind "{kinds[1]}" {ticket}, to be decided by the '
            "system's owner",
            lambda item: [ask(item, kinds[1], "owner")],
            ["rating"],
        ),
    ]


def _item(
    office: Office, queue: str, managers: list[str], owners: Mapping[str, people.Person], values: Mapping[str, Any]
) -> Item:
    draws, manager, opened = office.draws, office.draws.choice(managers), office.draws.randint(1, 12)
    person = people.staff(
        office,
        manager,
        title=values["job"],
        department=values["department"],
        region=values["region"],
        since=office.day(opened + values["days"]),
    )
    others = [name for name in owners if name != values["department"]]
    owner = owners[values["department"] if values["inside"] else draws.choice(others)]
    system, ticket, day = draws.word("system"), office.new_id("tickets"), office.day(opened)
    path = f"systems/{system.replace(' ', '-')}-{ticket.lower()}.txt"
    text = (
        f"{system.upper()}\n\n{draws.text('background', 2, 4)}\nThe data in it are rated {values['rating']}. "
        f"{draws.text('business', 2, 4)}\n\n{draws.text('background', 2, 4)}\n"
    )
    office.add("documents", path, system, owner.id, office.day(draws.randint(30, 400)), text)
    state, priority = office.state("open"), draws.choice("123")
    office.add("tickets", ticket, person.id, f"Please let me use {path}", state, queue, priority, day, path, None)
    people.notes(office, ticket, person.name, day)
    consent = shared.add_request(office, ticket, 0, manager, approved=values["consent"])
    sheet, contact = ("file_read", {"path": path}), ("person_get", {"person_id": person.id})
    return Item(
        ticket,
        values,
        {
            "item": [("ticket_read", {"ticket_id": ticket})],
            "rating": [sheet],
            "inside": [sheet, contact, ("person_get", {"person_id": owner.id})],
            **{name: [contact] for name in ("days", "job", "department", "region")},
            "consent": [shared.consent_call(ticket)],
        },
        {
            "item": (path,),
            "rating": (f"rated {values['rating']}",),
            "inside": (owner.id,),
            "days": (office.day(opened + values["days"]),),
            "job": (values["job"],),
            "department": (values["department"],),
            "region": (values["region"],),
            "consent": consent,
        },
        {"manager": manager, "owner": owner.id, "email": person.email},
    )


ACCESS = Scenario("access", open_access, "access", ("documents", SHEET))
