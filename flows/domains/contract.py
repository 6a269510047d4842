"""The types that a domain is made of: tools, verifiers, composers and prompts.

The toolbox, the verdicts and the nightly composing of tasks work with these types only. A new domain is therefore
one new folder beside `search`, and no existing file changes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel, ConfigDict

from schemas.prompt import Prompt
from schemas.task import Hop, Task
from schemas.trajectory import Kind, Trajectory, Turn
from schemas.verdict import Verdict

if TYPE_CHECKING:
    import duckdb

    from flows.settings import Tasks
    from sources.index.library import Library


class Arguments(BaseModel):
    """Arguments of a tool. A subclass has one field per argument; unknown arguments are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def json_schema(cls) -> dict[str, object]:
        """The JSON schema that the model sees: types, bounds and descriptions, no titles."""
        full = cls.model_json_schema()
        properties = {
            name: {key: value for key, value in one.items() if key != "title"}
            for name, one in full.get("properties", {}).items()
        }
        required = full.get("required", [])
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


@dataclass(frozen=True)
class ToolCall:
    """A tool call that the agent made; `arguments` are not validated yet."""

    id: str
    name: str
    arguments: dict[str, object]


@dataclass(frozen=True)
class ToolSpec:
    """A tool as the model sees it; `parameters` is the JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, object]


CONTENT_KINDS = frozenset({"ok", "truncated"})
"""Kinds of an observation in which the model read content that the tool found."""


@dataclass(frozen=True)
class Answer:
    """The result of a tool before it is redacted and cut: text for the model, and the url of the page it is from."""

    text: str
    kind: Kind = "ok"
    url: str | None = None


@dataclass(frozen=True)
class Resources:
    """Read-only resources of one rollout, as paths and values: every worker process opens its own."""

    library_path: Path
    blocklist: tuple[str, ...] = ()
    """Hosts and regular expressions over urls of pages that no tool may show."""

    @cached_property
    def library(self) -> "Library":
        """The search index. Raises NotFound if none was built there, NotCrawlable on an invalid blocklist entry."""
        from sources.blocklist import Blocklist
        from sources.index.library import Library

        return Library.open(self.library_path, Blocklist(self.blocklist))


@dataclass(frozen=True)
class Tool:
    """A tool that the agent can call."""

    name: str
    description: str
    arguments: type[Arguments]
    use: Callable[[Any, Resources], Answer]
    """Runs the tool on validated arguments and blocks until it is done. An exception is a fault of the tool."""
    read_only: bool = False
    """True if it changes no state: it may run concurrently with the calls of its turn, and again after a fault."""
    cpu_bound: bool = False
    """True if it should run in a worker process rather than in a thread of the rollout."""

    @cached_property
    def spec(self) -> ToolSpec:
        """The tool as the model sees it."""
        return ToolSpec(self.name, self.description, self.arguments.json_schema())


@dataclass(frozen=True)
class Judgement:
    """The result of a verifier. `reason` is `ok` if it passed, else a reason code; `score` is 0 to 1."""

    reason: str
    score: float | None = None

    @property
    def passed(self) -> bool:
        """True if the reason is `ok`."""
        return self.reason == "ok"


@dataclass(frozen=True)
class Verifier:
    """Judges a whole finished trajectory, from its rows alone, so that equal rows always get equal verdicts."""

    name: str
    version: str
    """Changes whenever the same rows may be judged differently."""
    judge: Callable[[Task, Trajectory, Sequence[Turn]], Judgement]


def verdict_row(
    trajectory: Trajectory, verifier: str, version: str, judgement: Judgement, turn_index: int | None = None
) -> Verdict:
    """The lake's row of a judgement; `turn_index` is None for a judgement of the whole trajectory."""
    return Verdict(
        trajectory_id=trajectory.trajectory_id,
        turn_index=turn_index,
        verifier=verifier,
        version=version,
        passed=judgement.passed,
        score=judgement.score,
        reason=judgement.reason,
        judge_model=None,
        judge_prompt_sha256=None,
        run_id=trajectory.run_id,
    )


class Refused(Exception):
    """No task can be made of a candidate; the message is the reason code that the night counts."""


@dataclass(frozen=True)
class Corpus:
    """The inputs of a composer: the lake's views in DuckDB, the task settings, the day, the number of tasks wanted."""

    con: "duckdb.DuckDBPyConnection"
    settings: "Tasks"
    day: date
    wanted: int


class Candidate(Protocol):
    """Raw material of one task."""

    @property
    def number(self) -> int:
        """Place in the night's order, from 1; composers of equal candidates take turns by it."""
        ...


@dataclass(frozen=True)
class Draft:
    """A composed task without its ids and budget; the fields are those of `schemas.task.Task`."""

    instruction: str
    answer: str | None
    created_at: datetime
    """The earliest time from which the same task could be made: the newest fetch among its sources."""
    evidence: list[str] = field(default_factory=list)
    path: list[Hop] = field(default_factory=list)
    hops: int = 0
    difficulty: dict[str, object] = field(default_factory=dict)
    setup: str = "{}"


Writer = Callable[[str, str], str]
"""(system prompt, user text) -> the teacher's reply."""


@dataclass(frozen=True)
class Composer:
    """Makes tasks of one kind; the same corpus, settings and day give the same tasks in the same order."""

    name: str
    version: str
    candidates: Callable[[Corpus], Iterator[Candidate]]
    """Candidates of a night, lazily, without those that became a task in an earlier run of the same night."""
    compose: Callable[[Any, Writer], Draft]
    """Makes a draft of a candidate; raises Refused. The first use of the writer starts the teacher."""
    prompt: Prompt | None = None
    """The prompt sent to the teacher; its hash is stored with the task. None if no model writes the task."""


@dataclass(frozen=True)
class Domain:
    """One kind of problem, with everything that is particular to it."""

    name: str
    tools: tuple[Tool, ...]
    verifiers: tuple[Verifier, ...]
    composers: tuple[Composer, ...]
    chat_prompt: Prompt
    """System prompt for models that call tools in JSON."""
    text_prompt: Prompt
    """System prompt for small models that write one line per call, such as `search:` and `answer:`."""
    text_tools: tuple[Tool, ...] = ()
    """Tools for those small models, which do much worse with more tools or more text."""

    def tools_of(self, dialect: str) -> tuple[Tool, ...]:
        """The tools offered in a dialect, `chat` or `text`."""
        return self.text_tools if dialect == "text" else self.tools

    def system_prompt(self, dialect: str) -> Prompt:
        """The system prompt of a dialect, `chat` or `text`."""
        return self.text_prompt if dialect == "text" else self.chat_prompt
