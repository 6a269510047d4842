"""A small lake whose attempts were compacted into one to four segments, and delegated to children to depth two.

Attempts are those of the small lake; each is cut after tool results, as in the loop: the agent writes a digest on
demand, and the next segment repeats the system prompt, gives the task with notes and digest, and copies the last two
turns.
"""

import random
from collections.abc import Iterator
from datetime import date
from typing import Any, Literal

from schemas import Task, Trajectory, Turn
from schemas.trajectory import child_id
from tests.doubles.lakes.small_lake import SmallLake, make_small_lake
from tests.doubles.lakes.small_records import CUE, trajectory_of, turns_of
from tests.doubles.lakes.small_steps import VOCABULARY, path_of, random_words

SEGMENTS = (1, 2, 3, 4)
"""Numbers of segments of the attempts, in turn."""
CALLS_PER_SEGMENT = 3


def make_segmented_lake(
    day: date, *, n_tasks: int = 4, samples: int = 2, children: int = 2, asked_by: Literal["tool", "user"] = "tool"
) -> SmallLake:
    """The rows of the lake; the first `children` attempts delegate, and their children delegate once more.

    `asked_by` is the role of the message that demands a digest.
    """
    made = make_small_lake(day, n_tasks=n_tasks, samples=samples, n_calls=CALLS_PER_SEGMENT * len(SEGMENTS), words=12)
    whole = dict(_by_trajectory(made))
    made.turns.clear()
    for number, row in enumerate(list(made.trajectories)):
        turns = list(_compacted(whole[row.trajectory_id], SEGMENTS[number % len(SEGMENTS)], asked_by))
        _put(made, row, turns)
        if number < children:
            task = next(task for task in made.tasks if task.task_id == row.task_id)
            _delegate(made, day, task, row, turns, depth=1)
    return made


def _by_trajectory(made: SmallLake) -> Iterator[tuple[str, list[Turn]]]:
    for row in made.trajectories:
        yield row.trajectory_id, [turn for turn in made.turns if turn.trajectory_id == row.trajectory_id]


def _put(made: SmallLake, row: Trajectory, turns: list[Turn]) -> None:
    """Add the turns, and the row with the counts of its turns in place of the one that the lake has."""
    own = [turn for turn in turns if turn.copy_of is None]
    assistant = [turn for turn in own if turn.role == "assistant"]
    counted = row.model_copy(
        update={
            "n_segments": turns[-1].segment + 1 if turns[-1].segment else None,
            "n_turns": len(assistant),
            "n_tool_calls": sum(bool(turn.tool_calls) for turn in assistant),
            "n_tokens": sum(turn.n_tokens for turn in own),
            "n_sampled_tokens": sum(sum(turn.sampled) for turn in own),
            "n_observation_tokens": sum(turn.n_tokens for turn in own if turn.role == "tool"),
        }
    )
    made.turns.extend(turns)
    others = [one for one in made.trajectories if one.trajectory_id != row.trajectory_id]
    made.trajectories[:] = [*others, counted]


def _compacted(turns: list[Turn], n_segments: int, asked_by: str) -> Iterator[Turn]:
    """The turns of an attempt of one segment, compacted after every few calls until it has `n_segments`."""
    index = segment = calls = 0
    places: dict[int, int] = {}
    for turn in turns:
        places[turn.index] = index
        yield turn.model_copy(update={"index": index, "segment": segment})
        index += 1
        calls += turn.role == "tool"
        if turn.role == "tool" and calls % CALLS_PER_SEGMENT == 0 and segment + 1 < n_segments:
            digest = f"Digest {segment}: {random_words(random.Random(turn.trajectory_id), 12)}."
            asked = _spoken(turn.model_copy(update={"role": asked_by}), "Sum up what you found.")
            task = _spoken(turns[1], f"{turns[1].content}\n\nNotes: none yet.\n\n{digest}")
            agent = next(one for one in reversed(turns[: turn.index]) if one.role == "assistant")
            opening = [(turns[0], places[0]), (task, None), *((one, places[one.index]) for one in (agent, turn))]
            for new in (asked, _spoken(agent, digest)):
                yield new.model_copy(update={"index": index, "segment": segment})
                index += 1
            segment += 1
            for one, original in opening:
                yield _copy(one, original).model_copy(update={"index": index, "segment": segment})
                index += 1


def _copy(turn: Turn, original: int | None) -> Turn:
    if original is None:
        return turn
    blank: dict[str, Any] = {"sampled": [False] * len(turn.token_ids), "logprobs": [], "finish_reason": None}
    return turn.model_copy(update={"copy_of": original, "seconds": 0.0, "cached_tokens": None, **blank})


def _spoken(turn: Turn, text: str) -> Turn:
    """A turn of the same role with another text, without calls, reasoning or a tool."""
    agent, words = turn.role == "assistant", [10 + len(word) * 7 % 90 for word in text.split()]
    cue = CUE if agent else []
    nothing = dict.fromkeys(("reasoning", "tool_calls", "tool", "kind", "url", "content_sha256", "tool_call_id"))
    said = {"observation": text, "content": None} if turn.role == "tool" else {"content": text, "observation": None}
    counts = {"n_chars": len(text), "n_tokens": len(cue) + len(words), "bytes_dropped": 0}
    ids = {"token_ids": [*cue, *words], "sampled": [False] * len(cue) + [agent] * len(words)}
    return turn.model_copy(update={**nothing, **said, **counts, **ids, "logprobs": [-0.5] * len(words) * agent})


def _delegate(made: SmallLake, day: date, task: Task, parent: Trajectory, turns: list[Turn], depth: int) -> None:
    """Add a child that works for a call in the middle of the parent, and a child of that child."""
    call = [turn for turn in turns if turn.tool_calls and turn.copy_of is None][1]
    call_id = next(turn.tool_call_id for turn in turns[call.index + 1 :] if turn.tool_call_id)
    own_id = child_id(parent.trajectory_id, call.index, call_id)
    pages = [page for page in made.documents if page.doc_id in task.evidence]
    steps = path_of(random.Random(own_id), task, 4, 12)
    steps[-1] = type(steps[-1])("", content=f"The part is {random.Random(own_id).choice(VOCABULARY)}.")
    own_turns = list(turns_of(day, own_id, task, steps, pages, broken=False))
    own_turns[1] = _spoken(own_turns[1], f"Find the part number {depth}.")
    row = trajectory_of(day, own_id, task, parent.sample, "good", own_turns)
    row = row.model_copy(update={"parent_id": parent.trajectory_id, "parent_call_id": call_id})
    _put(made, row, own_turns)
    made.kinds[own_id] = "good"
    if depth == 1:
        _delegate(made, day, task, row, own_turns, depth=2)
