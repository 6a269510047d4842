"""Decides after a night which message to send, if any, and keeps the last one for `factory status`.

An alert never changes the outcome of a night: an address that does not take the message is reported in the log and in
the status, and an error in the alert itself goes to the log.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from flows.notify.deliver import Delivery, deliver
from flows.notify.figures import KEPT, Figure, figures
from flows.notify.message import Message, Place, failed, fell, nothing
from flows.settings import Notify, Settings
from warehouse.connect import connect
from warehouse.console.progress import format_duration, write_atomic
from warehouse.lake import Lake

LOG = logging.getLogger(__name__)
FILE = "alert.json"


class Alert(BaseModel):
    """The last message about a night, with the outcome of each address."""

    model_config = ConfigDict(frozen=True)
    title: str
    sent_at: datetime
    deliveries: list[Delivery]


@contextmanager
def alerts(settings: Settings, night: date) -> Iterator[None]:
    """Watch a night: send a message if the block raises, or if the figures of the night in the lake call for one.

    Errors of the block pass through. An interrupt (Ctrl-C, SIGTERM) sends nothing: a person or a restart meant it.
    """
    if not settings.notify.urls:
        yield
        return
    place = Place(settings.home, night.isoformat())
    try:
        yield
    except Exception as error:
        with _logged(place):
            known: list[Figure] = []
            with suppress(Exception):  # the lake itself may be the cause of the failure
                known = _figures(settings, place)
            send(settings, failed(place, error, known))
        raise
    with _logged(place):
        if message := judged(place, _figures(settings, place), settings.notify):
            send(settings, message)


def judged(place: Place, known: list[Figure], limits: Notify) -> Message | None:
    """The message about a night that ended without an error, by its figures; None for a good night."""
    fallen = [one for one in known if one.fall and one.fall >= limits.max_fall]
    if not next(one for one in known if one.name == KEPT).tonight:
        return nothing(place, known)
    return fell(place, fallen, known) if fallen else None


def send(settings: Settings, message: Message) -> list[Delivery]:
    """Send a message to all addresses, log each that does not take it, and record the outcome for the status."""
    deliveries = deliver(settings.notify.urls, message)
    for one in deliveries:
        if one.problem:
            LOG.warning("alert %r did not reach %s: %s", message.title, one.address, one.problem)
    record = Alert(title=message.title, sent_at=datetime.now(UTC), deliveries=deliveries)
    write_atomic(settings.state / FILE, record.model_dump_json())
    return deliveries


def last_alert_lines(state: Path) -> Iterator[str]:
    """Lines for the status: the last message with its age, and each address that did not take it."""
    with suppress(OSError, ValidationError):
        alert = Alert.model_validate_json((state / FILE).read_text("utf-8"))
        age = format_duration((datetime.now(UTC) - alert.sent_at).total_seconds())
        yield f"alert: {alert.title} (sent {age} ago)"
        for one in alert.deliveries:
            if one.problem:
                yield f"alert: not taken by {one.address}: {one.problem}; try `factory notify test`"


def _figures(settings: Settings, place: Place) -> list[Figure]:
    with connect(Lake(settings.lake), spill=settings.state / "spill") as con:
        return figures(con, place.night, settings.notify.nights)


@contextmanager
def _logged(place: Place) -> Iterator[None]:
    try:
        yield
    except Exception:
        LOG.exception("no alert about %s could be sent", place)
