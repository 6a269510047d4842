"""The contact service: customers and staff, with managers, tiers and regions."""

from typing import Any

from pydantic import Field

from flows.environments.services.operation import Operation, Refusal, Row, Service, statements
from flows.environments.services.world import World
from flows.environments.tool import Arguments

SQL = statements("contacts")


class SearchPeople(Arguments):
    name: str | None = Field(None, description="only people whose name contains this")
    email: str | None = Field(None, description="only the person with this address")
    department: str | None = Field(None, description="only people of this department")
    page: int = Field(1, ge=1, description="page of the list")


class OnePerson(Arguments):
    person_id: str = Field(description="id of the person")


class SetManager(OnePerson):
    manager_id: str = Field(description="id of the new manager")


class SetRegion(OnePerson):
    region: str = Field(description="new region", json_schema_extra={"choice": "region"})


def search_people(world: World, given: Any) -> Row:
    found = world.page(SQL["search"], **given.model_dump())
    found["items"] = [{"person_id": one.pop("id"), **one} for one in found["items"]]
    return found


def _person(world: World, person_id: str) -> Row:
    return world.one(SQL["person"], f"There is no person {person_id}.", id=person_id)


def get_person(world: World, given: Any) -> Row:
    row = _person(world, given.person_id)
    return {"person_id": row.pop("id"), **row}


def set_manager(world: World, given: Any) -> Row:
    _person(world, given.person_id)
    _person(world, given.manager_id)
    if given.person_id == given.manager_id:
        raise Refusal("A person cannot be their own manager.")
    world.write(SQL["set_manager"], id=given.person_id, manager_id=given.manager_id)
    return {"person_id": given.person_id, "manager_id": given.manager_id}


def set_region(world: World, given: Any) -> Row:
    _person(world, given.person_id)
    if given.region not in world.setup.choices.get("region", ()):
        raise Refusal(f"There is no region {given.region}.", "empty")
    world.write(SQL["set_region"], id=given.person_id, region=given.region)
    return {"person_id": given.person_id, "region": given.region}


CONTACTS = Service(
    "contacts",
    ("people",),
    (
        Operation("people_search", SearchPeople, search_people, ("people",), names=("contacts_find", "directory")),
        Operation("person_get", OnePerson, get_person, ("people",), names=("contact_show", "directory_entry")),
        Operation(
            "person_set_manager",
            SetManager,
            set_manager,
            ("people",),
            ("people",),
            names=("contact_manager", "reassign"),
        ),
        Operation(
            "person_set_region", SetRegion, set_region, ("people",), ("people",), names=("contact_region", "relocate")
        ),
    ),
)
