"""The calendar service: events of people in rooms. A room and a person hold one event at a time."""

from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from flows.environments.services.operation import Operation, Refusal, Row, Service, statements
from flows.environments.services.world import TIME, World
from flows.environments.tool import Arguments

SQL = statements("calendar")


class ListEvents(Arguments):
    owner_id: str | None = Field(None, description="only events of this person")
    room: str | None = Field(None, description="only events in this room")
    day: str | None = Field(None, pattern=r"^\d{4}-\d\d-\d\d$", description="only events of this day, as YYYY-MM-DD")
    page: int = Field(1, ge=1, description="page of the list")


class BookEvent(Arguments):
    owner_id: str = Field(description="id of the person whose event it is")
    title: str = Field(min_length=1, description="title of the event")
    starts_at: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d$", description="start, as YYYY-MM-DDTHH:MM")
    minutes: int = Field(ge=15, le=480, description="length in minutes")
    room: str = Field(description="room of the event")


class CancelEvent(Arguments):
    event_id: str = Field(description="id of the event")


def list_events(world: World, given: Any) -> Row:
    found = world.page(SQL["list"], **given.model_dump())
    found["items"] = [{"event_id": one.pop("id"), **one} for one in found["items"]]
    return found


def book_event(world: World, given: Any) -> Row:
    if given.room not in world.setup.choices.get("room", ()):
        raise Refusal(f"There is no room {given.room}.", "empty")
    values = given.model_dump(exclude={"minutes"}) | {"ends_at": _end(given.starts_at, given.minutes)}
    span = {name: values[name] for name in ("owner_id", "room", "starts_at", "ends_at")}
    for clash in world.rows(SQL["clashes"], booked=world.word("booked"), **span):
        raise Refusal(f"Event {clash['id']} of {clash['owner_id']} in {clash['room']} overlaps with that time.")
    new = world.new_id("events")
    world.write(SQL["book"], id=new, status=world.word("booked"), **values)
    return {"event_id": new, "starts_at": values["starts_at"], "ends_at": values["ends_at"]}


def _end(starts_at: str, minutes: int) -> str:
    try:
        return (datetime.strptime(starts_at, TIME) + timedelta(minutes=minutes)).strftime(TIME)
    except (ValueError, OverflowError):
        raise Refusal(f"{starts_at} is not a time at which an event can start.") from None


def cancel_event(world: World, given: Any) -> Row:
    row = world.one(SQL["read"], f"There is no event {given.event_id}.", id=given.event_id)
    if row["status"] != world.word("booked"):
        raise Refusal(f"Event {given.event_id} is {row['status']} already.")
    world.write(SQL["set_status"], id=given.event_id, status=world.word("event_cancelled"))
    return {"event_id": given.event_id, "status": world.word("event_cancelled")}


CALENDAR = Service(
    "calendar",
    ("events",),
    (
        Operation("events_list", ListEvents, list_events, ("events",), names=("agenda", "calendar_list")),
        Operation(
            "event_book",
            BookEvent,
            book_event,
            ("events",),
            ("events",),
            requires=("room_free",),
            names=("calendar_add", "meeting_create"),
        ),
        Operation(
            "event_cancel",
            CancelEvent,
            cancel_event,
            ("events",),
            ("events",),
            establishes=("room_free",),
            names=("calendar_remove", "meeting_cancel"),
        ),
    ),
    ("events.id",),
)
