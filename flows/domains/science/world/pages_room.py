"""The reading room over the crawled pages: the library's search, open and find, and the notebook.

The pages are those of the rollout's library. The notebook is the only state: after a kill, recorded values alone are
recorded again, since reading changes nothing.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from flows.domains.science.world.notebook import Notebook
from flows.domains.science.world.tools import RECORD
from flows.domains.search.tools import LIBRARY
from flows.environments.environment import Checkpoint, Environment, FinalState
from flows.environments.resources import Resources
from flows.environments.tool import Answer, Tool, ToolCall

SETUP = json.dumps({"pages": "library"})
"""The setup of every study over crawled pages."""
TOOLS: tuple[Tool, ...] = (*LIBRARY.tools(SETUP, "chat"), RECORD)


def is_over_pages(setup: str) -> bool:
    """True if the setup is of a study over crawled pages."""
    return bool(json.loads(setup).get("pages") == "library")


class PagesRoom:
    """The world of one attempt."""

    def __init__(self, library: Environment) -> None:
        self._library, self._notes = library, Notebook()

    @property
    def notebook(self) -> dict[str, float | str]:
        """Part and step, as in `2.ratio` -> the value recorded last."""
        return self._notes.entries

    def tools(self) -> tuple[Tool, ...]:
        """search, open, find and record."""
        return TOOLS

    def act(self, call: ToolCall) -> Answer:
        """Record a value, or use the library."""
        return self._notes.record(call.arguments) if call.name == RECORD.name else self._library.act(call)

    def checkpoint(self) -> Checkpoint:
        """The digest of the notebook."""
        return Checkpoint(self._notes.digest)

    def restore(self, checkpoint: Checkpoint, calls: Sequence[ToolCall]) -> list[Answer]:
        """Record the values again; the library is not read again."""
        for call in calls:
            if call.name == RECORD.name:
                self.act(call)
        return []

    def finish(self, answer: str | None) -> FinalState:
        """The notebook."""
        return FinalState(self._notes.digest, checks={"notebook": dict(self.notebook)})

    def close(self) -> None:
        """There is nothing to release."""


def opened_over_pages(resources: Resources, folder: Path) -> PagesRoom:
    """The world over the library of the resources."""
    return PagesRoom(LIBRARY.open(SETUP, resources, folder))
