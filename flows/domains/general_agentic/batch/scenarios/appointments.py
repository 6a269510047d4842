"""Appointments: requests by mail for a time with one host, booked, passed on or declined."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flows.domains.general_agentic.batch.facts import Fact
from flows.domains.general_agentic.batch.scenarios import shared_facts as shared
from flows.domains.general_agentic.batch.work import Batch, Item, Outcome, Scenario
from flows.domains.general_agentic.office import people
from flows.domains.general_agentic.office.office import Office

REQUEST = r"It is about the (?P<topic>.+?) and needs (?P<minutes>\d+) minutes\. .*? on (?P<day>\d{4}-\d\d-\d\d) at "
BUSY = 4
"""Most events of the host on a day; they lie at the ends of it, so that the wanted time is free."""


def open_appointments(office: Office) -> Batch:
    """Draw host, deputy, topics and outcomes."""
    draws = office.draws
    host, deputy = people.staff(office, title="director"), people.staff(office, title="coordinator")
    folder, kinds, topics = (
        draws.choice(("visits", "appointments", "wishes")),
        draws.words("kind", 3),
        draws.words("topic", 5),
    )
    office.offer(kind=kinds, room=office.rooms)
    managers = [people.staff(office, title="planner").id for _ in range(4)]
    days = _days(office)

    def make(values: Mapping[str, Any]) -> Item:
        return _item(office, folder, host, managers, days, values)

    return Batch(
        office,
        draws.choice(("Appointment requests", "Appointments", "Requests for an appointment")),
        f"messages in the folder {folder}, which want an appointment with {host.name}",
        [("mail_list", {"folder": folder})],
        _facts(office, host, topics),
        _outcomes(office, host, deputy, kinds[0]),
        make,
        ["mail", "calendar", "contacts", "approvals", "files"],
        [
            "Day, time, length and room of an appointment are those that the message names.",
            f"The sender of a message is the person with its address in the contacts; {host.name} has the id {host.id} "
            f"and {deputy.name}, the deputy, the id {deputy.id}.",
        ],
        {"host": host.id, "folder": folder, "booked": office.state("booked"), "today": office.today.isoformat()},
    )


def _days(office: Office) -> list[date]:
    """Days ahead in a drawn order; no two requests want the same one."""
    found = [office.today + timedelta(days=ahead) for ahead in range(1, 61)]
    office.draws.shuffle(found)
    return found


def _facts(office: Office, host: people.Person, topics: list[str]) -> list[Fact]:
    state = office.state("booked")
    return [
        Fact("topic", "the topic of the appointment", "The topic is the one that the message names.", words=topics),
        Fact(
            "minutes",
            "the length of the appointment in minutes",
            "The length is the one that the message names.",
            low=15,
            high=120,
        ),
        Fact(
            "days",
            "the age of the message in days",
            "The age of a message is counted in days from the day on which it was sent to today.",
            low=0,
            high=40,
        ),
        Fact(
            "busy",
            f"the number of events that {host.name} has on that day",
            f"Events of {host.name} count if they are {state} for the day that is wanted, before this batch.",
            low=0,
            high=BUSY,
        ),
        *shared.person_facts(office, "the sender", "job", "department", "region"),
    ]


def _outcomes(office: Office, host: people.Person, deputy: people.Person, kind: str) -> list[Outcome]:
    def book(item: Item, owner: str) -> tuple[str, dict[str, Any]]:
        given = {name: item.refs[name] for name in ("starts_at", "minutes", "room")}
        return "event_book", {"owner_id": owner, "title": f"Visit {item.id}", **given}

    def write(item: Item) -> tuple[str, dict[str, Any]]:
        return "mail_send", {"recipient": item.refs["email"], "subject": f"Your request {item.id}"}

    def ask(item: Item) -> tuple[str, dict[str, Any]]:
        given = {"kind": kind, "reference": item.id, "approver_id": item.refs["manager"], "amount": 0}
        return "request_make", given

    name = 'with the title "Visit", a space and the id of the message'
    subject = 'with the subject "Your request", a space and the id of the message'
    return [
        Outcome("book", f"book the appointment for {host.name} {name}", lambda item: [book(item, host.id)]),
        Outcome(
            "confirm",
            f"book the appointment for {host.name} {name}, and write to the sender {subject}",
            lambda item: [book(item, host.id), write(item)],
        ),
        Outcome("deputise", f"book the appointment for {deputy.name} {name}", lambda item: [book(item, deputy.id)]),
        Outcome("decline", f"book nothing and write to the sender {subject}", lambda item: [write(item)]),
        Outcome(
            "ask",
            f'book nothing and make a request of the kind "{kind}" with the id of the message as '
            f"{office.label('reference')} and the amount 0, to be decided by the person in "
            f"{office.label('manager_id')} of the sender",
            lambda item: [ask(item)],
            ["job"],
        ),
    ]


def _item(  # noqa: PLR0913, PLR0917 (all that a request is drawn from)
    office: Office, folder: str, host: people.Person, managers: list[str], days: list[date], values: Mapping[str, Any]
) -> Item:
    draws, manager = office.draws, office.draws.choice(managers)
    person = people.staff(
        office, manager, title=values["job"], department=values["department"], region=values["region"]
    )
    day, start = days.pop(), f"{draws.randint(11, 12)}:{draws.choice(('00', '15', '30', '45'))}"
    minutes, room = values["minutes"], draws.choice(office.rooms)
    text = (
        f"It is about the {values['topic']} and needs {minutes} minutes. {draws.text('business', 1, 1)} "
        f"I would like to see {host.name} on {day.isoformat()} at {start} in {room}."
    )
    sent = f"{office.day(values['days'])}T0{draws.randint(5, 8)}:20"
    message = people.letter(office, person.email, folder, "An appointment", sent, text)
    events = _fill_day(office, host, day, values["busy"])
    search = ("people_search", {"email": person.email})
    contact = [search, ("person_get", {"person_id": person.id})]
    agenda = ("events_list", {"owner_id": host.id, "day": day.isoformat()})
    return Item(
        message,
        values,
        {
            "item": [("mail_read", {"message_id": message})],
            **dict.fromkeys(("job", "department", "region"), contact),
            "busy": [agenda],
        },
        {
            "item": (day.isoformat(),),
            "topic": (f"the {values['topic']} and",),
            "minutes": (f"{minutes} minutes",),
            "days": (sent,),
            "job": (values["job"],),
            "department": (values["department"],),
            "region": (values["region"],),
            "busy": events,
        },
        {
            "starts_at": f"{day.isoformat()}T{start}",
            "minutes": minutes,
            "room": room,
            "email": person.email,
            "manager": manager,
        },
    )


def _fill_day(office: Office, host: people.Person, day: date, busy: int) -> list[str]:
    """Add events at the ends of the day, and perhaps one that was dropped; returns the ids of those booked."""
    ids = list[str]()
    starts = office.draws.sample(("07:00", "08:00", "09:00", "16:00", "17:00"), BUSY + 1)
    for place, start in enumerate(starts[: busy + office.draws.randint(0, 1)]):
        state, room = "booked" if place < busy else "event_cancelled", office.draws.choice(office.rooms)
        title, end = office.draws.word("topic").capitalize(), f"{start[:2]}:45"
        new, on = office.new_id("events"), day.isoformat()
        ids.append(office.add("events", new, host.id, title, f"{on}T{start}", f"{on}T{end}", room, office.state(state)))
    return ids[:busy]


APPOINTMENTS = Scenario("appointments", open_appointments, "appointments", ("messages", REQUEST))
