"""Records of a small lake: pages, tasks, and the turns, trajectories and verdicts of attempts of a given kind.

Ids are content ids and counts agree with the turns. Token columns are as a teacher leaves them: one id per word, after
a cue of two ids before sampled text. All values follow from the random generators that the caller passes.
"""

import json
import random
import zlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from schemas import Document, Hop, Link, Task, Trajectory, Turn, Verdict, sha256_text
from schemas.document import doc_id
from schemas.task import task_id
from tests.doubles.lakes.small_steps import VOCABULARY, Kind, Step, random_words

SYSTEM = "You answer questions with the tools search, open and find."
TOOLS = [
    {
        "type": "function",
        "function": {"name": name, "description": f"{name} the library", "parameters": {"type": "object"}},
    }
    for name in ("search", "open", "find")
]
CUE = [1, 2]


def page_of(day: date, dice: random.Random, url: str) -> Document:
    """A crawled page of random words; it links to the second page of its task."""
    text = f"# {random_words(dice, 3)}\n\n" + "\n\n".join(random_words(dice, 60) for _ in range(3))
    return Document(
        doc_id=doc_id(url, sha256_text(text)),
        url=url,
        source="web",
        title=text.splitlines()[0].removeprefix("# "),
        text=text,
        links=[Link(url=url.replace("from", "to"), anchor="next")],
        content_sha256=sha256_text(text),
        fetched_at=time_of(day, 0),
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


def task_of(day: date, dice: random.Random, number: int, pages: list[Document], samples: int, domain: str) -> Task:
    """A cloze task over two pages."""
    answer = f"Answer{number}{dice.choice(VOCABULARY)}"
    instruction = f"Which word follows {random_words(dice, 12)}?"
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
        created_at=time_of(day, 1),
        run_id=day.isoformat(),
    )


def turns_of(
    day: date, attempt: str, task: Task, steps: list[Step], pages: list[Document], *, broken: bool
) -> Iterable[Turn]:
    """The turns of an attempt: system and user messages, then each step with its observation."""
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


def trajectory_of(day: date, attempt: str, task: Task, sample: int, kind: Kind, turns: list[Turn]) -> Trajectory:
    """The trajectory row of an attempt, with counts of its turns."""
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
        started_at=time_of(day, 2),
        ended_at=time_of(day, 3) + timedelta(seconds=sample),
        error="tool_fault" if kind == "aborted" else None,
    )


def verdicts_of(day: date, attempt: str, turns: list[Turn], *, right: bool) -> Iterable[Verdict]:
    """Verdicts of three verifiers on the attempt, and of one on each turn with a tool call."""
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


def time_of(day: date, hour: int) -> datetime:
    """An hour of a UTC day."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
