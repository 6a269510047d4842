"""The reading room: the library of a study with search, and a notebook in which results are recorded.

The library is drawn again from the setup's seed. The notebook is the only state, and its calls give the same state when
they are made again.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from flows.domains.science.study.draw import draw_study
from flows.domains.science.study.pages import Page, pages_of
from flows.domains.science.study.search import PageSearch, passage
from flows.domains.science.world.notebook import Notebook
from flows.domains.science.world.pages_room import TOOLS as PAGES_TOOLS
from flows.domains.science.world.pages_room import PagesRoom, is_over_pages, opened_over_pages
from flows.domains.science.world.tools import RECORD, SEARCH, TOOLS, OpenArguments, SearchArguments
from flows.environments.environment import Checkpoint, FinalState
from flows.environments.resources import Resources
from flows.environments.tool import Answer, Tool, ToolCall
from schemas.record import sha256_text

NAME, VERSION = "reading_room", "1"
WINDOW_CHARS = 6_000
"""Characters of a part of a page, up to the end of its last paragraph."""


class StudyDiffers(ValueError):
    """The library drawn here is not the task's."""


class ReadingRoom:
    """The world of one attempt."""

    def __init__(self, pages: Mapping[str, Page]) -> None:
        self._pages, self._search, self._notes = pages, PageSearch(pages), Notebook()

    @property
    def notebook(self) -> dict[str, float | str]:
        """Part and step, as in `2.velocity` -> the value recorded last."""
        return self._notes.entries

    def tools(self) -> tuple[Tool, ...]:
        """search, open and record."""
        return TOOLS

    def act(self, call: ToolCall) -> Answer:
        """Search, open a page, or record a value."""
        if call.name == RECORD.name:
            return self._notes.record(call.arguments)
        if call.name == SEARCH.name:
            return self._found(SearchArguments.model_validate(call.arguments))
        return self._opened(OpenArguments.model_validate(call.arguments))

    def checkpoint(self) -> Checkpoint:
        """The digest of the notebook."""
        return Checkpoint(self._notes.digest)

    def restore(self, checkpoint: Checkpoint, calls: Sequence[ToolCall]) -> list[Answer]:
        """Make all calls again."""
        return [self.act(call) for call in calls]

    def finish(self, answer: str | None) -> FinalState:
        """The notebook."""
        return FinalState(self.checkpoint().digest, checks={"notebook": dict(self.notebook)})

    def close(self) -> None:
        """There is nothing to release."""

    def _found(self, given: SearchArguments) -> Answer:
        hits = self._search.hits(given.query)
        if not hits:
            return Answer("Nothing was found.", "empty")
        return Answer("\n\n".join(f"{one.title}\n{one.address}\n{passage(one, given.query)}" for one in hits))

    def _opened(self, given: OpenArguments) -> Answer:
        if (page := self._pages.get(given.address)) is None:
            return Answer(f"There is no page {given.address!r}; use an address that a search returned.", "empty")
        parts = windows(page.text)
        if given.part > len(parts):
            return Answer(f"The page has {len(parts)} parts.", "empty", page.address)
        place = f"(part {given.part} of {len(parts)})\n\n" if len(parts) > 1 else ""
        return Answer(f"{place}{parts[given.part - 1]}", url=page.address)


def windows(text: str) -> list[str]:
    """The parts of a page, each of whole paragraphs; a paragraph that is longer than a part stands alone."""
    parts = [""]
    for paragraph in text.strip().split("\n\n"):
        if parts[-1] and len(parts[-1]) + len(paragraph) > WINDOW_CHARS:
            parts.append("")
        parts[-1] += f"\n\n{paragraph}" if parts[-1] else paragraph
    return parts


def digest_of(pages: Mapping[str, Page]) -> str:
    """Hash of all pages, by which a world notices that its library is drawn otherwise than the task's."""
    return sha256_text(json.dumps([[one.address, one.text] for one in pages.values()]))


def tools(setup: str, dialect: str) -> tuple[Tool, ...]:
    """The tools: those of the crawled library, or of a study's own."""
    return PAGES_TOOLS if is_over_pages(setup) else TOOLS


def opened(setup: str, resources: Resources, folder: Path) -> ReadingRoom | PagesRoom:
    """The world of a setup. Raises StudyDiffers if another version of the generator made the task."""
    if is_over_pages(setup):
        return opened_over_pages(resources, folder)
    given = json.loads(setup)
    pages = pages_of(draw_study(given["seed"]), given["seed"])
    if digest_of(pages) != given["sha256"]:
        raise StudyDiffers("the library drawn here differs from the task's: compose its night again with this version")
    return ReadingRoom(pages)
