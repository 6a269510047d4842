"""The ticket service: tickets in queues, with their history of notes."""

from typing import Any

from pydantic import Field

from flows.environments.services.operation import Operation, Refusal, Row, Service, statements
from flows.environments.services.world import World
from flows.environments.tool import Arguments

SQL = statements("tickets")


class ListTickets(Arguments):
    status: str | None = Field(None, description="only tickets in this state")
    queue: str | None = Field(None, description="only tickets in this queue")
    requester_id: str | None = Field(None, description="only tickets of this person")
    page: int = Field(1, ge=1, description="page of the list")


class OneTicket(Arguments):
    ticket_id: str = Field(description="id of the ticket")


class CloseTicket(OneTicket):
    resolution: str = Field(description="how it was resolved", json_schema_extra={"choice": "resolution"})


class RouteTicket(OneTicket):
    queue: str = Field(description="queue that takes it over", json_schema_extra={"choice": "queue"})


class NoteTicket(OneTicket):
    text: str = Field(min_length=1, description="text of the note")


def list_tickets(world: World, given: Any) -> Row:
    found = world.page(SQL["list"], **given.model_dump())
    found["items"] = [{"ticket_id": one.pop("id"), **one} for one in found["items"]]
    return found


def _ticket(world: World, ticket_id: str) -> Row:
    return world.one(SQL["ticket"], f"There is no ticket {ticket_id}.", id=ticket_id)


def _open(world: World, ticket_id: str) -> Row:
    row = _ticket(world, ticket_id)
    if row["status"] != world.word("open"):
        raise Refusal(f"Ticket {ticket_id} is {row['status']}; only tickets that are {world.word('open')} can change.")
    return row


def read_ticket(world: World, given: Any) -> Row:
    row = _ticket(world, given.ticket_id)
    return {"ticket_id": row.pop("id"), **row, "notes": world.rows(SQL["notes"], id=given.ticket_id)}


def close_ticket(world: World, given: Any) -> Row:
    _open(world, given.ticket_id)
    _one_of(world, "resolution", given.resolution)
    world.write(SQL["close"], id=given.ticket_id, status=world.word("closed"), resolution=given.resolution)
    return {"ticket_id": given.ticket_id, "status": world.word("closed"), "resolution": given.resolution}


def route_ticket(world: World, given: Any) -> Row:
    row = _open(world, given.ticket_id)
    _one_of(world, "queue", given.queue)
    if row["queue"] == given.queue:
        raise Refusal(f"Ticket {given.ticket_id} is in the queue {given.queue} already.")
    world.write(SQL["route"], id=given.ticket_id, queue=given.queue)
    return {"ticket_id": given.ticket_id, "queue": given.queue}


def note_ticket(world: World, given: Any) -> Row:
    _ticket(world, given.ticket_id)
    new = world.new_id("ticket_notes")
    world.write(SQL["note"], id=new, at=world.now(), **given.model_dump())
    return {"ticket_id": given.ticket_id, "at": world.now()}


def _one_of(world: World, choice: str, value: str) -> None:
    known = world.setup.choices.get(choice, ())
    if value not in known:
        raise Refusal(f"{value} is not a {choice}; there are: {', '.join(known)}.")


TICKETS = Service(
    "tickets",
    ("tickets", "ticket_notes"),
    (
        Operation("tickets_list", ListTickets, list_tickets, ("tickets",), names=("ticket_search", "desk_tickets")),
        Operation(
            "ticket_read", OneTicket, read_ticket, ("tickets", "ticket_notes"), names=("ticket_show", "case_open")
        ),
        Operation(
            "ticket_close",
            CloseTicket,
            close_ticket,
            ("tickets",),
            ("tickets",),
            names=("ticket_resolve", "case_close"),
        ),
        Operation(
            "ticket_route", RouteTicket, route_ticket, ("tickets",), ("tickets",), names=("ticket_move", "case_assign")
        ),
        Operation(
            "ticket_note",
            NoteTicket,
            note_ticket,
            ("tickets",),
            ("ticket_notes",),
            names=("ticket_comment", "case_note"),
        ),
    ),
    ("ticket_notes.id", "ticket_notes.at", "ticket_notes.text"),
)
