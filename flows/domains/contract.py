"""The types that a domain is made of: an environment, verifiers, composers, prompts and rehearsal policies.

The toolbox, the verdicts and the nightly composing of tasks work with these types only. A new domain is therefore
one new folder beside `search`, and no existing file changes.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from flows.environments.environment import EnvironmentKind
from flows.environments.resources import Resources
from flows.environments.tool import Answer, ToolCall
from schemas.prompt import Prompt
from schemas.task import Hidden, Hop, Task
from schemas.trajectory import Trajectory, Turn
from schemas.verdict import Outcome, Verdict

if TYPE_CHECKING:
    import duckdb

    from flows.settings import Tasks
    from flows.settings.environments import IssueSet, McpServer, Repository


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
class Finished:
    """The rows of a finished trajectory, which are all that a verifier reads."""

    task: Task
    trajectory: Trajectory
    turns: Sequence[Turn]
    outcome: Outcome | None = None
    """The final state of its environment; None if that has no state."""
    hidden: Hidden | None = None
    """The hidden truth of its task; None if the task has none."""


@dataclass(frozen=True)
class Verifier:
    """Judges a whole finished trajectory, from its rows alone, so that equal rows always get equal verdicts."""

    name: str
    version: str
    """Changes whenever the same rows may be judged differently."""
    judge: Callable[[Finished], Judgement]


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


class WrongSetting(Exception):
    """A setting that only a composer can check is wrong; the message names its key, its value and the allowed ones."""


@dataclass(frozen=True)
class Corpus:
    """The inputs of a composer: the lake's views in DuckDB, the settings, the day, the number of tasks wanted."""

    con: "duckdb.DuckDBPyConnection"
    settings: "Tasks"
    day: date
    wanted: int
    servers: "Sequence[McpServer]" = ()
    """Servers of tools of the settings."""
    resources: Resources = field(default_factory=Resources)
    """Images of sandboxes and source trees, for composers that run code."""
    repositories: "Sequence[Repository]" = ()
    """Local git repositories of the settings."""
    issues: "Sequence[IssueSet]" = ()
    """Sets of issues of the settings."""
    packages: "Sequence[str] | None" = None
    """Names of the packages that the settings choose; None for all that a domain lists."""


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
    """JSON object: everything from which the environment builds the attempt's world. The agent's tools may show it."""
    goal: str | None = None
    """JSON: the hidden truth with which verifiers compare the final state; no tool can reach it."""
    oracle: str | None = None
    """JSON: what the oracle of a rehearsal knows beside the task, such as the calls of a solution."""
    answer_form: str = "text"
    """text, number, set, table, state or files."""
    tools: Sequence[str] | None = None
    """Names of the tools offered; None for all of the environment."""
    verifiers: Sequence[str] | None = None
    """Names of the verifiers that judge an attempt; None for all of the domain."""
    max_turns: int | None = None
    """Assistant turns that a careful agent may need, if the composer knows; None for the settings' budget."""
    licenses: Sequence[str] = ()
    """Licenses of the sources that the task shows, as SPDX names where they have one; empty if none is recorded."""
    prompt: Prompt | None = None
    """The prompt with which a model worded this task; None: that of its composer."""


Writer = Callable[[str, str], str]
"""(system prompt, user text) -> the teacher's reply."""


class Overlap(Enum):
    """Ways of making the drafts of several candidates at the same time; the tasks are the same in each."""

    NONE = "none"
    """One after the other."""
    THREADS = "threads"
    """For drafts that mostly wait for sandboxes, such as measured bugs."""
    PROCESSES = "processes"
    """For drafts that Python computes. Each depends on its candidate alone, which can be pickled; none asks the
    teacher."""


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
    tokens: int = 0
    """Tokens that an attempt at a long task of it takes, reasoning left out; 0 if it fits any window."""
    pages: bool = False
    """True if it makes tasks of crawled pages, so that a night crawls first although the worlds need no library."""
    knob: Callable[[Any], str] | None = None
    """The level of difficulty of a candidate, such as its number of items, by whose pass rates nights are aimed."""
    overlap: Overlap = Overlap.NONE
    """How drafts of several candidates are made at the same time."""
    takes_target: bool = False
    """True if the lengths of its tasks follow the target of its domain in the settings (`tasks.target`)."""
    accepted: Callable[[Any, Task], None] | None = None
    """Called with each candidate that became a task, for composers whose later tasks depend on earlier ones."""
    reads_graph: bool = False
    """True if it draws from the facts of pages and searches the library: both are made before its first candidate."""


Play = Generator[Sequence[ToolCall], Sequence[Answer], str | None]
"""A scripted attempt: yields the calls of each turn, receives their answers, and returns the final answer."""


@dataclass(frozen=True)
class Policies:
    """Scripted players of a domain's tasks, for rehearsals and probes; none of them writes reasoning.

    Each takes the task and its hidden record; explorer and shortcuts must not read the latter and receive None.
    """

    oracle: Callable[[Task, Hidden | None], Play]
    """Knows the hidden solution and solves every task."""
    explorer: Callable[[Task, Hidden | None], Play] | None = None
    """Knows the task and its tools only."""
    shortcuts: Mapping[str, Callable[[Task, Hidden | None], Play]] = field(default_factory=dict)
    """By name: lazy policies that must fail on every task, such as doing nothing."""
    proof: Callable[[Task, Hidden | None], Play] | None = None
    """An oracle without detours, for worlds in which calls are dear: probes play it instead. None: the oracle."""


@dataclass(frozen=True)
class FolderParts:
    """A task as a folder of files, for other frameworks: an image of packages, files, hidden tests and a solution.

    Paths of `files` are relative to `workdir`, which the agent sees; those of `tests` to `/tests`, where `test.sh`
    writes its reward to /logs/verifier/reward.txt; those of `solution` to `/solution`, with `solve.sh`.
    """

    workdir: str
    files: Mapping[str, bytes]
    tests: Mapping[str, bytes]
    solution: Mapping[str, bytes]
    python: Sequence[str] = ()
    debian: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    executable: frozenset[str] = frozenset()
    """Files that may be run, as files/PATH, tests/PATH or solution/PATH; `test.sh` and `solve.sh` always may."""
    timeout_s: float = 600.0
    """Seconds that the tests may take."""


@dataclass(frozen=True)
class Domain:
    """One kind of problem, with everything that is particular to it."""

    name: str
    environment: EnvironmentKind
    verifiers: tuple[Verifier, ...]
    composers: tuple[Composer, ...]
    chat_prompt: Prompt
    """System prompt for models that call tools in JSON."""
    text_prompt: Prompt | None = None
    """System prompt for small models that write one line per call, such as `search:` and `answer:`; None if the
    domain is too hard for them."""
    policies: Policies | None = None
    folder: Callable[[Task, Hidden, Resources], FolderParts] | None = None
    """A task as a folder for other frameworks, or Refused with the reason; None if its world cannot be one."""
    packages: Sequence[str] = ()
    """Names under which Python imports the packages of `extra`, which composing its tasks needs."""
    extra: str | None = None
    """The extra of this package that installs them."""
    share: float = 0.0
    """Its share of a night whose settings name no domain (`flows/tasks/mix.py`); 0 if it runs only when it is named."""

    @property
    def reads_pages(self) -> bool:
        """True if its worlds read the library of pages, or a composer makes tasks of pages."""
        return "library" in self.environment.needs or any(one.pages for one in self.composers)

    def system_prompt(self, dialect: str) -> Prompt:
        """The system prompt of a dialect, `chat` or `text`. Raises LookupError if the domain has none for it."""
        chosen = self.text_prompt if dialect == "text" else self.chat_prompt
        if chosen is None:
            raise LookupError(f"the domain {self.name} has no prompt for the dialect {dialect}; use a chat model")
        return chosen
