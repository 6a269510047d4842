"""The mail service: one shared mailbox with folders."""

from typing import Any

from pydantic import Field

from flows.environments.services.operation import Operation, Refusal, Row, Service, statements
from flows.environments.services.world import World
from flows.environments.tool import Arguments

SQL = statements("mail")


class ListMail(Arguments):
    folder: str | None = Field(None, description="only messages in this folder")
    sender: str | None = Field(None, description="only messages from this address")
    contains: str | None = Field(None, description="only messages whose subject or text contains this")
    page: int = Field(1, ge=1, description="page of the list")


class ReadMail(Arguments):
    message_id: str = Field(description="id of the message")


class SendMail(Arguments):
    recipient: str = Field(description="address of the recipient")
    subject: str = Field(min_length=1, description="subject line")
    body: str = Field("", description="text of the message")


def list_mail(world: World, given: Any) -> Row:
    found = world.page(SQL["list"], **given.model_dump())
    found["items"] = [{"message_id": one.pop("id"), **one} for one in found["items"]]
    return found


def read_mail(world: World, given: Any) -> Row:
    row = world.one(SQL["read"], f"There is no message {given.message_id}.", id=given.message_id)
    return {"message_id": row.pop("id"), **row}


def send_mail(world: World, given: Any) -> Row:
    if "@" not in given.recipient:
        raise Refusal(f"{given.recipient} is not a mail address.")
    new = world.new_id("messages")
    sender = world.setup.user.get("address", "desk")
    world.write(SQL["send"], id=new, sender=sender, at=world.now(), **given.model_dump())
    return {"message_id": new, "sent_at": world.now()}


MAIL = Service(
    "mail",
    ("messages",),
    (
        Operation("mail_list", ListMail, list_mail, ("messages",), names=("inbox", "messages_find")),
        Operation("mail_read", ReadMail, read_mail, ("messages",), names=("message_open", "mail_get")),
        Operation("mail_send", SendMail, send_mail, (), ("messages",), names=("message_send", "send_message")),
    ),
    ("messages.id", "messages.sent_at", "messages.body", "messages.sender"),
)
