"""Decides after a night which message to send, if any, and keeps the last one for `factory status`.

An alert never changes the outcome of a night: an address that does not take the message is reported in the log and in
the status, and an error in the alert itself goes to the log.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from flows.notify.deliver import Delivery, deliver
from flows.notify.figures import KEPT, Figure, figures
from flows.notify.message import Kind, Message, Place, failed, fell, nothing, unended
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


@dataclass(frozen=True)
class Alerts:
    """The messages of one home. Nothing is computed or sent without an address in `notify.urls`."""

    settings: Settings

    @contextmanager
    def watching(self, night: date) -> Iterator[None]:
        """Send a message if the block raises, or if the figures of the night in the lake call for one.

        Errors of the block pass through. An interrupt (Ctrl-C, SIGTERM) sends nothing: a person or a restart meant it.
        """
        if not self.settings.notify.urls:
            yield
            return
        try:
            yield
        except Exception as error:
            with self._attempt(night.isoformat()) as place:
                send(self.settings, failed(place, error, self._readable_figures(place)))
            raise
        with self._attempt(night.isoformat()) as place:
            if message := judged(place, self._figures(place), self.settings.notify):
                send(self.settings, message)

    def tell(self, night: str, event: Literal["killed", "missed"], detail: str) -> None:
        """Send a message about an earlier night that could not send one itself; `detail` is the cause in words."""
        if not self.settings.notify.urls:
            return
        with self._attempt(night) as place:
            send(self.settings, unended(place, Kind[event], detail, self._readable_figures(place)))

    @contextmanager
    def _attempt(self, night: str) -> Iterator[Place]:
        """The place for a message; errors of the block go to the log only."""
        place = Place(self.settings.home, night)
        try:
            yield place
        except Exception:
            LOG.exception("no alert about %s could be sent", place)

    def _figures(self, place: Place) -> list[Figure]:
        with connect(Lake(self.settings.lake), spill=self.settings.state / "spill") as con:
            return figures(con, place.night, self.settings.notify.nights)

    def _readable_figures(self, place: Place) -> list[Figure]:
        """The figures, or none of them if the lake is damaged: it may be the cause of the failure."""
        with suppress(Exception):
            return self._figures(place)
        return []


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
    with suppress(OSError, ValueError):
        alert = Alert.model_validate_json((state / FILE).read_text("utf-8"))
        age = format_duration((datetime.now(UTC) - alert.sent_at).total_seconds())
        yield f"alert: {alert.title} (sent {age} ago)"
        for one in alert.deliveries:
            if one.problem:
                yield f"alert: not taken by {one.address}: {one.problem}; try `factory notify test`"
