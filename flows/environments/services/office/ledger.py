"""The ledger: accounts and the entries posted to them. Entries are never changed; a mistake is posted back."""

from typing import Any

from pydantic import Field

from flows.environments.services.operation import Operation, Refusal, Row, Service, statements
from flows.environments.services.world import World
from flows.environments.tool import Arguments

SQL = statements("ledger")
APPROVED = statements("approvals")["by_status"]


class ListAccounts(Arguments):
    page: int = Field(1, ge=1, description="page of the list")


class OneAccount(Arguments):
    account_id: str = Field(description="id of the account")


class ListEntries(Arguments):
    account_id: str | None = Field(None, description="only entries of this account")
    reference: str | None = Field(None, description="only entries with this reference")
    page: int = Field(1, ge=1, description="page of the list")


class PostEntry(OneAccount):
    amount: int = Field(
        ge=-1_000_000_000, le=1_000_000_000, description="amount in whole units of the currency; negative to post back"
    )
    reference: str = Field(min_length=1, description="id of the record that the entry is for")
    memo: str = Field("", description="remark")


def list_accounts(world: World, given: Any) -> Row:
    found = world.page(SQL["accounts"], given.page)
    found["items"] = [{"account_id": one.pop("id"), **one} for one in found["items"]]
    return found


def get_account(world: World, given: Any) -> Row:
    row = world.one(SQL["account"], f"There is no account {given.account_id}.", id=given.account_id)
    return {"account_id": row.pop("id"), **row}


def list_entries(world: World, given: Any) -> Row:
    found = world.page(SQL["entries"], **given.model_dump())
    found["items"] = [{"entry_id": one.pop("id"), **one} for one in found["items"]]
    return found


def post_entry(world: World, given: Any) -> Row:
    row = world.one(SQL["account"], f"There is no account {given.account_id}.", id=given.account_id)
    if row["status"] != world.word("account_open"):
        raise Refusal(f"Account {given.account_id} is {row['status']} and takes no entries.")
    if given.amount == 0:
        raise Refusal("An entry of 0 cannot be posted.")
    if given.amount > row["entry_limit"] and not _approved(world, given.reference):
        raise Refusal(
            f"Account {given.account_id} takes entries above {row['entry_limit']} only if a request with the reference "
            f"{given.reference} is {world.word('approved')}."
        )
    new = world.new_id("entries")
    world.write(SQL["post"], id=new, booked_on=world.now()[:10], **given.model_dump())
    return {"entry_id": new, "account_id": given.account_id, "amount": given.amount}


def _approved(world: World, reference: str) -> bool:
    return bool(world.rows(APPROVED, reference=reference, status=world.word("approved")))


LEDGER = Service(
    "ledger",
    ("accounts", "entries"),
    (
        Operation("accounts_list", ListAccounts, list_accounts, ("accounts",), names=("ledger_accounts", "books")),
        Operation("account_get", OneAccount, get_account, ("accounts",), names=("account_show", "ledger_account")),
        Operation("entries_list", ListEntries, list_entries, ("entries",), names=("ledger_entries", "postings")),
        Operation(
            "entry_post",
            PostEntry,
            post_entry,
            ("accounts", "requests"),
            ("entries",),
            requires=("reference_approved",),
            names=("ledger_post", "post_amount"),
        ),
    ),
    ("entries.id", "entries.booked_on", "entries.memo"),
)
