"""Makes tasks of lines that people wrote for a server of tools: an instruction, its answer, the tools to use.

Each line becomes one task, once, with the tools that its server offers when the task is made. A server whose tools
change gets its lines as new tasks.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flows.domains.contract import Composer, Corpus, Draft, Refused, Writer
from flows.domains.seeds import made_before
from flows.environments.mcp.faults import ServerFault
from flows.environments.mcp.kind import connected_offer
from flows.environments.mcp.setup import Offer

if TYPE_CHECKING:
    from flows.settings.environments import McpServer

NAME = "written_by_hand"


class Line(BaseModel):
    """One line of a file of tasks."""

    model_config = ConfigDict(extra="forbid")

    instruction: str = Field(min_length=1)
    answer: str = Field(min_length=1)
    tools: list[str] | None = None
    """Names of the tools offered; null for all of the server."""
    max_turns: int | None = Field(default=None, gt=0)


@dataclass
class Server:
    """A server with a file of tasks; it lists its tools once, before its first task."""

    settings: "McpServer"
    file: Path

    @cached_property
    def offer(self) -> Offer | ServerFault:
        """The tools that it offers, or its failure."""
        try:
            return connected_offer(self.settings)
        except ServerFault as fault:
            return fault


@dataclass(frozen=True)
class LineOf:
    """A line that is no task yet."""

    number: int
    server: Server
    text: str
    sha256: str


def candidates(corpus: Corpus) -> Iterator[LineOf]:
    """The lines of all servers in the order of the settings, without those that became tasks in any night."""
    made = made_before(corpus, NAME)
    number = 0
    for settings in corpus.servers:
        if settings.tasks is None:
            continue
        server = Server(settings, settings.tasks)
        for text in settings.tasks.read_text("utf-8").splitlines():
            number += 1
            if not text.strip():
                continue
            tools = server.offer.setup.tools_sha256 if isinstance(server.offer, Offer) else ""
            sha256 = hashlib.sha256(json.dumps([settings.name, tools, text.strip()]).encode()).hexdigest()
            if sha256 not in made:
                yield LineOf(number, server, text, sha256)


def compose(candidate: LineOf, write: Writer) -> Draft:
    """The task of a line. Raises Refused if the line or the server is no good, and MissingSdk."""
    offer = candidate.server.offer
    if isinstance(offer, ServerFault):
        raise Refused(f"server_{offer.kind}")
    if not offer.setup.tools:
        raise Refused("server_offers_no_tool")
    try:
        line = Line.model_validate_json(candidate.text)
    except ValidationError as error:
        raise Refused("invalid_line") from error
    if set(line.tools or ()) - {tool.name for tool in offer.setup.tools}:
        raise Refused("unknown_tool")
    return Draft(
        instruction=line.instruction,
        answer=line.answer,
        created_at=datetime.fromtimestamp(candidate.server.file.stat().st_mtime, UTC),
        difficulty={"number": candidate.number, "line": candidate.sha256},
        setup=offer.setup.as_json(),
        tools=line.tools,
        max_turns=line.max_turns,
    )


WRITTEN_BY_HAND = Composer(NAME, "1", candidates, compose)
