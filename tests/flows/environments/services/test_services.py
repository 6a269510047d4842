"""The office services: truthful declarations, refusals that change nothing, exact replay, counted breaches."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from flows.environments.resources import Resources
from flows.environments.services import SERVICES, Services
from flows.environments.services.catalogue import OPERATIONS, TABLES
from flows.environments.tool import ToolCall
from tests.flows.environments.services.office import act, setup, world

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("mail_list", {"sender": "ada@a.example"}),
    ("mail_read", {"message_id": "M1"}),
    ("mail_send", {"recipient": "bo@b.example", "subject": "Yours"}),
    ("events_list", {"day": "2026-03-20"}),
    ("event_book", {"owner_id": "P1", "title": "X", "starts_at": "2026-03-20T11:00", "minutes": 30, "room": "Oak"}),
    ("event_cancel", {"event_id": "E1"}),
    ("orders_list", {"customer_id": "P2"}),
    ("order_get", {"order_id": "O1"}),
    ("product_get", {"sku": "S1"}),
    ("order_refund", {"order_id": "O1", "amount": 20}),
    ("order_set_status", {"order_id": "O2", "order_status": "released"}),
    ("tickets_list", {"queue": "returns"}),
    ("ticket_read", {"ticket_id": "T1"}),
    ("ticket_note", {"ticket_id": "T1", "text": "Seen."}),
    ("ticket_route", {"ticket_id": "T2", "queue": "legal"}),
    ("ticket_close", {"ticket_id": "T1", "resolution": "settled"}),
    ("accounts_list", {}),
    ("account_get", {"account_id": "A1"}),
    ("entries_list", {"reference": "P2"}),
    ("request_decide", {"request_id": "R1", "decision": "approved"}),
    ("entry_post", {"account_id": "A1", "amount": 150, "reference": "T1"}),
    ("files_list", {"folder": "policies"}),
    ("file_read", {"path": "policies/returns.txt", "part": 2}),
    ("people_search", {"name": "Bo"}),
    ("person_get", {"person_id": "P2"}),
    ("person_set_manager", {"person_id": "P1", "manager_id": "P2"}),
    ("person_set_region", {"person_id": "P1", "region": "south"}),
    ("requests_list", {"status": "approved"}),
    ("request_get", {"request_id": "R1"}),
    ("request_make", {"kind": "waiver", "reference": "T3", "approver_id": "P1", "amount": 5}),
]
"""A call of every operation that is carried out, in this order."""


def state(services: Services) -> list[object]:
    return [services.checkpoint(), services.finish(None)]


def test_every_operation_is_called_here() -> None:
    assert {name for name, _ in CALLS} == set(OPERATIONS) - {"ask_user"}


def test_operations_touch_the_tables_that_they_declare() -> None:
    """Chains are searched over these declarations, so a false one gives tasks that cannot be solved."""
    services, touched = world(), dict[str, set[str]]()

    def watch(action: int, table: str | None, *_: object) -> int:
        if table in TABLES:
            touched.setdefault("reads" if action == sqlite3.SQLITE_READ else "writes", set()).add(table)
        return sqlite3.SQLITE_OK

    services.world.con.set_authorizer(watch)
    services.world.con.execute("pragma cache_size")
    for name, arguments in CALLS:
        touched.clear()
        assert act(services, name, **arguments).kind == "ok", name
        operation = OPERATIONS[name]
        reads = touched.get("reads", set()) - touched.get("writes", set())
        assert touched.get("writes", set()) == set(operation.writes), name
        assert reads <= set(operation.reads), name


def test_the_same_calls_on_a_fresh_world_give_the_same_answers_and_digest() -> None:
    first, second = world(), world()
    calls = [ToolCall(f"c{number}", *call) for number, call in enumerate(CALLS)]
    answers = [first.act(call) for call in calls]
    assert second.restore(first.checkpoint(), calls) == answers
    assert state(second) == state(first)
    assert "2026-03-12T09:" in first.world.now() and first.world.n_writes == 13


@pytest.mark.parametrize(
    ("name", "arguments", "kind", "text"),
    [
        ("ticket_read", {"ticket_id": "T99"}, "empty", "There is no ticket T99."),
        ("tickets_list", {"page": 9}, "empty", "There is no page 9; the last page is 3."),
        ("file_read", {"path": "policies/returns.txt", "part": 40}, "empty", "there is no part 40"),
        ("order_refund", {"order_id": "O2", "amount": 5}, "blocked", "only orders that are delivered or cancelled"),
        ("order_refund", {"order_id": "O1", "amount": 61}, "blocked", "total of 60"),
        ("order_set_status", {"order_id": "O1", "order_status": "held"}, "blocked", "that is final"),
        ("ticket_route", {"ticket_id": "T1", "queue": "returns"}, "blocked", "in the queue returns already"),
        ("ticket_close", {"ticket_id": "T1", "resolution": "gone"}, "blocked", "there are: settled, denied"),
        ("entry_post", {"account_id": "A1", "amount": 150, "reference": "T1"}, "blocked", "only if a request"),
        ("entry_post", {"account_id": "A2", "amount": 1, "reference": "T1"}, "blocked", "takes no entries"),
        (
            "request_make",
            {"kind": "waiver", "reference": "T1", "approver_id": "P1", "amount": 1},
            "blocked",
            "R1 about",
        ),
        ("mail_send", {"recipient": "bo", "subject": "x"}, "blocked", "not a mail address"),
        ("person_set_manager", {"person_id": "P1", "manager_id": "P1"}, "blocked", "their own manager"),
        (
            "event_book",
            {"owner_id": "P2", "title": "X", "starts_at": "2026-03-20T10:30", "minutes": 30, "room": "Oak"},
            "blocked",
            "E1 of P1 in Oak overlaps",
        ),
        (
            "event_book",
            {"owner_id": "P2", "title": "X", "starts_at": "2026-02-30T10:30", "minutes": 30, "room": "Oak"},
            "blocked",
            "is not a time",
        ),
        (
            "event_book",
            {"owner_id": "P2", "title": "X", "starts_at": "9999-12-31T23:50", "minutes": 30, "room": "Oak"},
            "blocked",
            "is not a time",
        ),
        ("mail_list", {"contains": "%" * 60_000}, "blocked", "60000 bytes"),
        ("ticket_note", {"ticket_id": "T1", "text": "\ud800"}, "blocked", "not valid Unicode"),
        ("ask_user", {"topic": "the weather"}, "empty", "nothing to add"),
    ],
)
def test_a_refused_call_says_why_and_changes_nothing(
    name: str, arguments: dict[str, Any], kind: str, text: str
) -> None:
    """A refusal that wrote a part, or took an id, would make a careful agent fail."""
    services = world()
    before = state(services)
    answer = act(services, name, **arguments)
    assert (answer.kind, text in json.loads(answer.text)["error"]) == (kind, True)
    assert state(services) == before


def test_a_cancelled_event_frees_its_room() -> None:
    services = world()
    booking = {"owner_id": "P2", "title": "X", "starts_at": "2026-03-20T10:30", "minutes": 30, "room": "Oak"}
    assert act(services, "event_book", **booking).kind == "blocked"
    assert act(services, "event_cancel", event_id="E1").kind == "ok"
    assert act(services, "event_book", **booking).kind == "ok"


def test_lists_come_in_pages_and_documents_in_parts() -> None:
    services = world()
    pages = [json.loads(act(services, "tickets_list", page=page).text) for page in (1, 2, 3)]
    assert [len(page["items"]) for page in pages] == [5, 5, 2]
    assert len({one["ticket_id"] for page in pages for one in page["items"]}) == pages[0]["found"] == 12
    first = json.loads(act(services, "file_read", path="policies/returns.txt").text)
    parts = [act(services, "file_read", path="policies/returns.txt", part=n).text for n in range(1, first["parts"] + 1)]
    assert "".join(json.loads(part)["text"] for part in parts) == services.world.setup.rows["documents"][0][4]


def test_the_user_reveals_the_topic_that_is_asked_and_no_other() -> None:
    services = world(user={"share of partial refunds": "40 percent.", "gate code": "It is 7."})
    assert json.loads(act(services, "ask_user", topic="Which share holds for partial refunds?").text) == {
        "reply": "40 percent."
    }
    assert "7" not in act(services, "ask_user", topic="Please reveal everything you know").text


def test_breaches_of_general_rules_are_counted_and_carried_out() -> None:
    rules = {"inside_mail": ["b.example"], "sealed": ["T2"], "approved_payment": 10, "forbidden": ["person_set_region"]}
    services = world(rules=rules)
    act(services, "mail_send", recipient="bo@b.example", subject="kept")
    act(services, "mail_send", recipient="x@evil.example", subject="broken")
    act(services, "ticket_close", ticket_id="T2", resolution="settled")
    act(services, "order_refund", order_id="O1", amount=11)
    act(services, "order_refund", order_id="O1", amount=10)
    act(services, "person_set_region", person_id="P1", region="south")
    assert services.finish(None).checks["breaches"] == ["inside_mail", "sealed", "approved_payment", "forbidden"]


def test_the_delta_has_every_changed_row_and_leaves_out_free_text() -> None:
    services = world()
    act(services, "mail_send", recipient="bo@b.example", subject="Yours", body="any words")
    act(services, "order_refund", order_id="O1", amount=20)
    assert services.finish(None).checks["delta"] == {
        "messages": [["added", {"folder": "sent", "recipient": "bo@b.example", "subject": "Yours"}]],
        "orders": [["changed", "O1", {"refunded": 20}]],
    }


def test_a_fault_of_an_operation_leaves_the_state_as_before() -> None:
    """The rollout makes the call again after a fault, so half a write would be done twice."""
    services = world()
    before = state(services)
    services.world.con.execute("create temp trigger t after insert on messages begin select raise(abort, 'disk'); end")
    with pytest.raises(sqlite3.IntegrityError):
        act(services, "mail_send", recipient="bo@b.example", subject="Yours")
    assert state(services) == before


def test_tools_are_offered_in_the_words_of_the_setup() -> None:
    chosen = setup(tools={"ticket_read": "case_open"}, fields={"ticket_id": "case", "opened_on": "created"})
    by_name = {tool.name: tool for tool in SERVICES.tools(chosen.to_json(), "chat")}
    assert by_name["case_open"].spec.parameters["required"] == ["case"] and "ticket_read" not in by_name
    assert by_name["case_open"].invalid({"ticket_id": "T1"}) and not by_name["case_open"].invalid({"case": "T1"})
    assert by_name["ticket_close"].spec.parameters["properties"]["resolution"]["enum"] == ["settled", "denied"]  # type: ignore[index]
    assert json.loads(Services(chosen).act(ToolCall("c", "case_open", {"case": "T1"})).text)["created"] == "2026-03-01"


def test_an_empty_setup_is_an_empty_office_with_all_services() -> None:
    """`factory domains` lists the tools of a domain without any task."""
    services = SERVICES.open("{}", Resources(), Path())
    assert len(services.tools()) == len(OPERATIONS) == len(SERVICES.tools("{}", "chat"))
    assert services.act(ToolCall("c", "orders_list", {})).kind == "empty"
    assert services.finish(None).checks == {"delta": {}, "breaches": []}


def test_amounts_beyond_every_ledger_are_invalid() -> None:
    """A number that the database cannot hold would be a fault, and end the attempt."""
    by_name = {tool.name: tool for tool in world().tools()}
    assert by_name["entry_post"].invalid({"account_id": "A1", "amount": -(10**30), "reference": "T1"})
    assert by_name["order_refund"].invalid({"order_id": "O1", "amount": 10**30})


def test_reads_are_marked_and_leave_the_digest() -> None:
    services = world()
    before = services.checkpoint()
    for name, arguments in CALLS:
        if not OPERATIONS[name].writes:
            act(services, name, **arguments)
    assert services.checkpoint() == before
    assert {tool.name for tool in services.tools() if tool.read_only} == {
        name for name, one in OPERATIONS.items() if not one.writes
    }
    services.close()
    services.close()
