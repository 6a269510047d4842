"""The publish step of the nightly run; the only file of this room that imports Prefect."""

from datetime import date

from flows.publish.errors import is_retryable
from flows.publish.release import run_publish
from flows.publish.stores.open import open_store
from flows.publish.stores.protocol import PAGE
from flows.settings import Settings
from flows.step import step
from warehouse.console.progress import stage_bar


@step("publish", is_retryable=is_retryable)
def publish(settings: Settings, day: date) -> dict[str, int | str]:
    with stage_bar("publish", settings.state) as report:
        return run_publish(settings, day, report)


def attach_page(settings: Settings, location: str, page: str) -> None:
    """Store the page of a night beside the card of the release at `location`. Raises StoreError."""
    name = location.rpartition("/")[2].rpartition("@")[2]
    open_store(settings.publish).attach(name, PAGE, page)
