"""The approval service: requests that a person approves or rejects, each about one record."""

from typing import Any

from pydantic import Field

from flows.environments.services.operation import Operation, Refusal, Row, Service, statements
from flows.environments.services.world import World
from flows.environments.tool import Arguments

SQL = statements("approvals")
PERSON = statements("contacts")["person"]


class ListRequests(Arguments):
    status: str | None = Field(None, description="only requests in this state")
    kind: str | None = Field(None, description="only requests of this kind")
    reference: str | None = Field(None, description="only requests about this record")
    page: int = Field(1, ge=1, description="page of the list")


class OneRequest(Arguments):
    request_id: str = Field(description="id of the request")


class MakeRequest(Arguments):
    kind: str = Field(description="kind of the request", json_schema_extra={"choice": "kind"})
    reference: str = Field(min_length=1, description="id of the record that it is about")
    approver_id: str = Field(description="id of the person who decides")
    amount: int = Field(ge=0, le=1_000_000_000, description="amount in whole units of the currency; 0 if there is none")


class DecideRequest(OneRequest):
    decision: str = Field(description="the decision", json_schema_extra={"choice": "decision"})


def list_requests(world: World, given: Any) -> Row:
    found = world.page(SQL["list"], **given.model_dump())
    found["items"] = [{"request_id": one.pop("id"), **one} for one in found["items"]]
    return found


def _request(world: World, request_id: str) -> Row:
    return world.one(SQL["request"], f"There is no request {request_id}.", id=request_id)


def get_request(world: World, given: Any) -> Row:
    row = _request(world, given.request_id)
    return {"request_id": row.pop("id"), **row}


def make_request(world: World, given: Any) -> Row:
    if given.kind not in world.setup.choices.get("kind", ()):
        raise Refusal(f"{given.kind} is not a kind of request.")
    world.one(PERSON, f"There is no person {given.approver_id}.", id=given.approver_id)
    pending = world.word("pending")
    for row in world.rows(SQL["by_status"], reference=given.reference, status=pending):
        raise Refusal(f"Request {row['id']} about {given.reference} is {pending} already.")
    new = world.new_id("requests")
    world.write(SQL["make"], id=new, status=pending, made_on=world.now()[:10], **given.model_dump())
    return {"request_id": new, "status": pending}


def decide_request(world: World, given: Any) -> Row:
    row = _request(world, given.request_id)
    if row["status"] != world.word("pending"):
        raise Refusal(f"Request {given.request_id} is {row['status']} already.")
    if given.decision not in world.setup.choices.get("decision", ()):
        raise Refusal(f"{given.decision} is not a decision.")
    world.write(SQL["decide"], id=given.request_id, status=given.decision)
    return {"request_id": given.request_id, "status": given.decision}


APPROVALS = Service(
    "approvals",
    ("requests",),
    (
        Operation(
            "requests_list", ListRequests, list_requests, ("requests",), names=("approvals_find", "request_search")
        ),
        Operation("request_get", OneRequest, get_request, ("requests",), names=("approval_show", "request_show")),
        Operation(
            "request_make",
            MakeRequest,
            make_request,
            ("requests", "people"),
            ("requests",),
            names=("approval_ask", "request_approval"),
        ),
        Operation(
            "request_decide",
            DecideRequest,
            decide_request,
            ("requests",),
            ("requests",),
            establishes=("reference_approved",),
            names=("approval_decide", "request_settle"),
        ),
    ),
    ("requests.id", "requests.made_on", "requests.remarks", "requests.requester_id"),
)
