"""Sends a message through Apprise, to each address on its own: one that fails or hangs never keeps it from the others.

An address can hold passwords in any of its parts, so reports name it by its place in the settings and its service.
Apprise's own log lines hold parts of addresses, too: they are read for the cause of a failure, and go nowhere else.
"""

import logging
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pydantic import BaseModel, ConfigDict, SecretStr

from flows.notify.message import Kind, Message
from flows.settings.notify import APPRISE_LOG, service_of

TIMEOUT_S = 30.0
"""Seconds that all addresses together may take; the night ends without waiting for the others."""
TYPES = {Kind.failed: "failure", Kind.killed: "failure", Kind.missed: "failure", Kind.test: "info"}
STATUS = re.compile(r"\berror=(\d{3})\b")
UNREACHABLE = re.compile(r"connection error|socket exception|timed out", re.IGNORECASE)


class Delivery(BaseModel):
    """The outcome of one address: `problem` is None if its service took the message."""

    model_config = ConfigDict(frozen=True)
    address: str
    problem: str | None


def deliver(urls: Sequence[SecretStr], message: Message) -> list[Delivery]:
    """Send the message to every address at the same time; returns one outcome per address, in order. Never raises."""
    outcomes: dict[int, Delivery] = {}

    def send(place: int) -> None:
        outcomes[place] = _send(place, urls[place].get_secret_value(), message, lines)

    with _apprise_lines() as lines:
        threads = [threading.Thread(target=send, args=(place,), daemon=True) for place in range(len(urls))]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + TIMEOUT_S
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        late = f"no answer within {TIMEOUT_S:.0f} s"
        return [outcomes.get(place) or Delivery(address=_name(place), problem=late) for place in range(len(urls))]


def _send(place: int, url: str, message: Message, lines: dict[int, list[str]]) -> Delivery:
    from apprise import Apprise, NotifyFormat, NotifyType

    service = service_of(url)
    if service is None:
        return Delivery(address=_name(place), problem="Apprise cannot read the address")
    sender, kind = Apprise(), NotifyType(TYPES.get(message.kind, "warning"))
    sender.add(service)
    taken = sender.notify(message.body, message.title, notify_type=kind, body_format=NotifyFormat.TEXT)
    name = f"{_name(place)} ({service.service_name})"
    return Delivery(address=name, problem=None if taken else _cause(lines.get(threading.get_ident(), [])))


def _name(place: int) -> str:
    return f"notify.urls[{place}]"


def _cause(lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    if match := STATUS.search(text):
        return f"its service answered HTTP {match[1]}"
    return "its service cannot be reached" if UNREACHABLE.search(text) else "its service did not take the message"


class _Lines(logging.Handler):
    """Keeps the log lines of each thread."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[int, list[str]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.setdefault(record.thread or 0, []).append(record.getMessage())


@contextmanager
def _apprise_lines() -> Iterator[dict[int, list[str]]]:
    """Collect Apprise's log lines by thread."""
    handler = _Lines()
    APPRISE_LOG.addHandler(handler)
    try:
        yield handler.lines
    finally:
        APPRISE_LOG.removeHandler(handler)
