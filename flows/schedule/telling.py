"""Alerts about nights that cannot send one themselves: the next run, or the next `factory serve`, does it for them.

Only the interface is here: nightly.py passes the alerts of the room `notify`.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from typing import Literal, Protocol

from flows.schedule.night_log import NightLog

Unended = Literal["killed", "missed"]


class Alerts(Protocol):
    """Sends messages about nights; never raises."""

    def watching(self, night: date) -> AbstractContextManager[None]:
        """Watch a night, and send a message if it fails or makes too little."""
        ...

    def tell(self, night: str, event: Unended, detail: str) -> None:
        """Send a message about an earlier night."""
        ...


@contextmanager
def telling(log: NightLog, alerts: Alerts) -> Iterator[None]:
    """Send a message about every night that the block writes down as killed or missed, also if the block raises."""
    known = len(log.events())
    try:
        yield
    finally:
        for event in log.events()[known:]:
            if event.event in ("killed", "missed"):
                alerts.tell(event.night, event.event, event.detail)
