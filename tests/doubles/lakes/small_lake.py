"""A small but complete lake: documents, tasks, turns, trajectories, verdicts, written as the rooms write them.

Attempts are good unless a kind says otherwise, so that a test plants exactly the fault that it is about.
Ids are real content ids, counts agree with the turns, and token columns are as a teacher would leave them
(one id a word, a cue of two ids before what was sampled). Everything follows from the seed.
"""

import json
import random
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, TypedDict, Unpack

from schemas import Decision, Document, Hop, Link, Task, Trajectory, Turn, Verdict, content_id, sha256_text
from schemas.document import doc_id
from schemas.task import task_id
from schemas.trajectory import trajectory_id
from warehouse.lake import Lake, PartName

Kind = Literal[
    "good",
    "wrong",  # answers, but not what the task asks
    "no_calls",  # answers without looking anything up
    "loop",  # makes the same call again and again
    "broken",  # a tool answers a call that was never made
    "turn_cap",  # ran out of turns with no answer
    "turn_cap_answered",  # ran out of turns, was asked once more, and answered right
    "aborted",  # a tool faulted until the attempt was given up
    "pending",  # planned, never started
    "exact_copy",  # what the first sample of the task wrote and did, word for word
    "near_copy",  # the same with one agent's word in twenty edited
    "branch",  # the first sample's first turns, then another path
]

SYSTEM = "You answer questions with the tools search, open and find."
TOOLS = [
    {
        "type": "function",
        "function": {"name": name, "description": f"{name} the library", "parameters": {"type": "object"}},
    }
    for name in ("search", "open", "find")
]
CUE = [1, 2]
SIGNED: dict[str, Any] = {
    "calls_to_solve": 4, "answer_seen_at": 5, "named_early": False, "distinct_pages": 2, "repeated_queries": 0,
    "pass_rate": 0.5,
}  # fmt: skip
SYLLABLES = ("ba", "ri", "ko", "nu", "te", "la", "mo", "zi")
VOCABULARY = ["".join(SYLLABLES[n // 8**place % 8] for place in range(4)) for n in range(8**4)]


@dataclass(frozen=True)
class Step:
    """What the agent did in one turn: thought, and called a tool or answered."""

    reasoning: str
    tool: str | None = None
    argument: str = ""
    content: str = ""


@dataclass(frozen=True)
class SmallLake:
    """What was written, for tests to compare with."""

    documents: list[Document] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    trajectories: list[Trajectory] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    kinds: dict[str, Kind] = field(default_factory=dict)
    """Planned attempt (trajectory_id) -> its kind."""

    def planned(self) -> int:
        return sum(task.samples for task in self.tasks)

    def of_kind(self, *kinds: Kind) -> set[str]:
        return {attempt for attempt, kind in self.kinds.items() if kind in kinds}


class Shape(TypedDict, total=False):
    """How a small lake looks, and what is wrong with it."""

    n_tasks: int
    samples: int
    kinds: Mapping[tuple[int, int], Kind]
    """(task number, sample) -> kind; all others are good."""
    leaky: Collection[int]
    """Tasks whose instruction gives the answer away."""
    domains: tuple[str, ...]
    n_calls: int
    words: int
    """What the agent thinks in each turn."""
    seed: int


def make_small_lake(day: date, **shape: Unpack[Shape]) -> SmallLake:
    """The records of a small lake, not written yet: 6 tasks of 2 samples unless the shape says otherwise."""
    made = SmallLake()
    seed, n_calls, words = shape.get("seed", 0), shape.get("n_calls", 4), shape.get("words", 40)
    domains = shape.get("domains", ("search",))
    for number in range(shape.get("n_tasks", 6)):
        dice = random.Random(f"{seed}-{number}")
        pages = [_page(day, dice, f"http://127.0.0.1/{seed}/{number}/{side}.html") for side in ("from", "to")]
        task = _task(day, dice, number, pages, shape.get("samples", 2), domains[number % len(domains)])
        if number in shape.get("leaky", ()):
            task = task.model_copy(update={"instruction": f"{task.instruction} (It is {task.answer}.)"})
        made.documents.extend(pages)
        made.tasks.append(task)
        first = _path(random.Random(f"{seed}-{number}-0"), task, n_calls, words)
        for sample in range(task.samples):
            kind = shape.get("kinds", {}).get((number, sample), "good")
            fresh = _path(random.Random(f"{seed}-{number}-{sample}"), task, n_calls, words)
            _attempt(made, day, task, sample, kind, first, fresh, pages)
    return made


def write_small_lake(lake: Lake, day: date, **shape: Unpack[Shape]) -> SmallLake:
    """Make a small lake and write it as one part a record; returns what was written."""
    made = make_small_lake(day, **shape)
    write_records(lake, day, made)
    return made


def write_records(lake: Lake, day: date, made: SmallLake, seq: int = 0) -> None:
    """Write records as the rooms do: turns land before the trajectories that they belong to."""
    lake.write(Document, made.documents, PartName(day, "crawl", seq))
    lake.write(Task, made.tasks, PartName(day, "tasks", seq))
    lake.write(Turn, made.turns, PartName(day, "rollout", seq))
    lake.write(Verdict, made.verdicts, PartName(day, "rollout", seq))
    lake.write(Trajectory, made.trajectories, PartName(day, "rollout", seq))


def write_decisions(
    lake: Lake,
    day: date,
    made: SmallLake,
    refused: Mapping[str, list[str]] | None = None,
    signed: Collection[str] = (),
) -> str:
    """Decide on every attempt that was not aborted, as refine would: kept unless `refused` names reasons
    for its trajectory_id; those of `signed` have shortcut signals. Returns the refine_id."""
    refused = refused or {}
    refine_id = content_id("refine", sorted(made.kinds), sorted(refused.items()))
    decided_at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=6)
    rows = [
        Decision(
            trajectory_id=row.trajectory_id,
            refine_id=refine_id,
            kept=row.trajectory_id not in refused,
            reasons=refused.get(row.trajectory_id, []),
            gates="{}",
            cluster_id=None,
            keeper_id=None,
            similarity=None,
            decided_at=decided_at,
            run_id=day.isoformat(),
            **(SIGNED if row.trajectory_id in signed else {}),
        )
        for row in made.trajectories
        if row.status != "aborted"
    ]
    lake.write(Decision, rows, PartName(day, "refine", 0))
    return refine_id


def edited(text: str, dice: random.Random, share: float) -> str:
    """The text with a share of its words replaced."""
    return " ".join(dice.choice(VOCABULARY) if dice.random() < share else word for word in text.split(" "))


def _words(dice: random.Random, count: int) -> str:
    return " ".join(dice.choice(VOCABULARY) for _ in range(count))


def _page(day: date, dice: random.Random, url: str) -> Document:
    text = f"# {_words(dice, 3)}\n\n" + "\n\n".join(_words(dice, 60) for _ in range(3))
    return Document(
        doc_id=doc_id(url, sha256_text(text)),
        url=url,
        source="web",
        title=text.splitlines()[0].removeprefix("# "),
        text=text,
        links=[Link(url=url.replace("from", "to"), anchor="next")],
        content_sha256=sha256_text(text),
        fetched_at=_at(day, 0),
        status="ok",
        detail=None,
        http_status=200,
        etag=None,
        last_modified=None,
        license="CC-BY-4.0",
        lang="en",
        n_chars=len(text),
        warc_file=None,
        warc_offset=None,
        run_id=day.isoformat(),
    )


def _task(day: date, dice: random.Random, number: int, pages: list[Document], samples: int, domain: str) -> Task:
    answer = f"Answer{number}{dice.choice(VOCABULARY)}"
    instruction = f"Which word follows {_words(dice, 12)}?"
    evidence = [page.doc_id for page in pages]
    return Task(
        task_id=task_id(domain, instruction, answer, evidence, "cloze"),
        domain=domain,
        instruction=instruction,
        answer=answer,
        evidence=evidence,
        path=[
            Hop(doc_id=page.doc_id, url=page.url, anchor=anchor)
            for page, anchor in zip(pages, ("next", None), strict=True)
        ],
        tools=["search", "open", "find"],
        verifiers=["exact_match", "contains_answer", "evidence_consulted"],
        setup="{}",
        max_turns=12,
        max_tokens=131_072,
        max_seconds=0,
        samples=samples,
        hops=1,
        difficulty="{}",
        composer="cloze",
        composer_version="1",
        prompt_sha256=None,
        created_at=_at(day, 1),
        run_id=day.isoformat(),
    )


def _path(dice: random.Random, task: Task, n_calls: int, words: int) -> list[Step]:
    """What an agent did: n_calls calls, then the right answer."""
    calls = [
        Step(_words(dice, words), tool, task.path[n % 2].url if tool == "open" else _words(dice, 4))
        for n in range(n_calls)
        for tool in [("search", "open", "find")[n % 3]]
    ]
    return [*calls, Step(_words(dice, words), content=task.answer or "")]


def _steps(kind: Kind, first: list[Step], fresh: list[Step]) -> list[Step]:
    half = len(first) // 2
    if kind == "exact_copy":
        return first
    if kind == "near_copy":
        dice = random.Random(first[0].reasoning)
        return [replace(step, reasoning=edited(step.reasoning, dice, 0.05)) for step in first]
    if kind == "branch":
        return first[:half] + fresh[half:]
    if kind == "no_calls":
        return fresh[-1:]
    if kind == "loop":
        return [*(replace(step, tool="search", argument="the same words") for step in fresh[:-1] * 2), fresh[-1]]
    if kind == "wrong":
        return [*fresh[:-1], replace(fresh[-1], content="Something else")]
    if kind == "turn_cap":
        return fresh[:-1]
    return fresh


def _attempt(
    made: SmallLake,
    day: date,
    task: Task,
    sample: int,
    kind: Kind,
    first: list[Step],
    fresh: list[Step],
    pages: list[Document],
) -> None:
    attempt = trajectory_id(task.task_id, sample)
    made.kinds[attempt] = kind
    if kind == "pending":
        return
    turns = list(_turns(day, attempt, task, _steps(kind, first, fresh), pages, broken=kind == "broken"))
    made.turns.extend(turns)
    made.trajectories.append(_trajectory(day, attempt, task, sample, kind, turns))
    if kind != "aborted":
        made.verdicts.extend(_verdicts(day, attempt, turns, right=kind not in ("wrong", "turn_cap")))


def _turns(
    day: date, attempt: str, task: Task, steps: list[Step], pages: list[Document], *, broken: bool
) -> Iterable[Turn]:
    yield _turn(day, attempt, 0, "system", content=SYSTEM)
    yield _turn(day, attempt, 1, "user", content=task.instruction)
    index = 2
    for number, step in enumerate(steps):
        call_id = f"call_{number}"
        calls = None
        if step.tool:
            arguments = {"url": step.argument} if step.tool == "open" else {"query": step.argument}
            calls = json.dumps([{"id": call_id, "name": step.tool, "arguments": arguments}])
        yield _turn(
            day,
            attempt,
            index,
            "assistant",
            content=step.content,
            reasoning=step.reasoning,
            calls=calls,
            tool=step.tool,
        )
        index += 1
        if step.tool:
            page = pages[number % 2]
            answers = "call_never_made" if broken and number == 0 else call_id
            yield _turn(day, attempt, index, "tool", observation=page, tool=step.tool, call_id=answers)
            index += 1


def _turn(
    day: date,
    attempt: str,
    index: int,
    role: str,
    *,
    content: str | None = None,
    reasoning: str | None = None,
    calls: str | None = None,
    tool: str | None = None,
    observation: Document | None = None,
    call_id: str | None = None,
) -> Turn:
    seen = observation.text[:300] if observation and observation.text else None
    text = " ".join(part for part in (reasoning, content, calls, seen) if part)
    said = [10 + zlib.crc32(word.encode()) % 40_000 for word in text.split()]
    agent = role == "assistant"
    cue = CUE if agent else []
    return Turn(
        trajectory_id=attempt,
        index=index,
        segment=0,
        role=role,
        content=content,
        reasoning=reasoning,
        tool_calls=calls,
        parse="ok" if agent else None,
        tool=tool,
        n_chars=sum(len(part) for part in (reasoning, content, calls, seen) if part),
        n_tokens=len(cue) + len(said),
        observation=seen,
        kind="truncated" if observation else None,
        url=observation.url if observation else None,
        content_sha256=observation.content_sha256 if observation else None,
        bytes_dropped=len(observation.text) - 300 if observation and observation.text else 0,
        tool_call_id=call_id,
        token_ids=[*cue, *said],
        sampled=[False] * len(cue) + [agent] * len(said),
        logprobs=[-(token % 97) / 64 for token in said] if agent else [],
        finish_reason="stop" if agent else None,
        cached_tokens=16 * index if agent else None,
        seconds=0.5 if agent else 0.01,
        run_id=day.isoformat(),
    )


def _trajectory(day: date, attempt: str, task: Task, sample: int, kind: Kind, turns: list[Turn]) -> Trajectory:
    capped = {"turn_cap": "turn_cap", "turn_cap_answered": "turn_cap", "aborted": "aborted"}
    unanswered = kind in ("turn_cap", "aborted")
    return Trajectory(
        trajectory_id=attempt,
        task_id=task.task_id,
        sample=sample,
        run_id=day.isoformat(),
        domain=task.domain,
        teacher_model="scripted",
        teacher_revision=None,
        engine="scripted",
        engine_version=None,
        dialect="chat",
        renderer="scripted 1",
        template_sha256=sha256_text("template"),
        reasoning_policy="append_only",
        sampling=json.dumps({"temperature": 0.7, "top_p": 0.95, "max_tokens": 512}),
        seed=sample,
        system=SYSTEM,
        tools=json.dumps(TOOLS),
        status=capped.get(kind, "answered"),
        answer=None if unanswered else turns[-1].content,
        n_turns=sum(turn.role == "assistant" for turn in turns),
        n_tool_calls=sum(turn.role == "tool" for turn in turns),
        n_tokens=sum(turn.n_tokens for turn in turns),
        n_sampled_tokens=sum(sum(turn.sampled) for turn in turns),
        n_observation_tokens=sum(turn.n_tokens for turn in turns if turn.role == "tool"),
        started_at=_at(day, 2),
        ended_at=_at(day, 3) + timedelta(seconds=sample),
        error="tool_fault" if kind == "aborted" else None,
    )


def _verdicts(day: date, attempt: str, turns: list[Turn], *, right: bool) -> Iterable[Verdict]:
    whole = {"exact_match": right, "contains_answer": right, "evidence_consulted": True}
    calls = {turn.index: "call_valid" for turn in turns if turn.tool_calls}
    for verifier, index in [*((name, None) for name in whole), *((name, index) for index, name in calls.items())]:
        passed = whole.get(verifier, True)
        yield Verdict(
            trajectory_id=attempt,
            turn_index=index,
            verifier=verifier,
            version="1",
            passed=passed,
            score=float(passed),
            reason="ok" if passed else "different",
            judge_model=None,
            judge_prompt_sha256=None,
            run_id=day.isoformat(),
        )


def _at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
