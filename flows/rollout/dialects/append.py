"""Appends messages to a stream of token ids after an assistant turn, for every renderer of `renderers`.

A renderer's own bridge comes first. It gives up on turns that its template would render anew (reasoning that was never
closed, several results in one turn of some families); then the ids that follow a finished turn of the same kind are
appended, so that no id of the stream changes. Kinds of messages whose ids frame their text in the same way each time
(`frames.py`) are appended without the renderer.
"""

from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import Any

from flows.rollout.dialects.frames import Frames
from flows.rollout.protocol import Extension, TeacherError, TeacherRefused

Row = dict[str, Any]
QUESTION: Row = {"role": "user", "content": "-"}
RESULT: Row = {"role": "tool", "content": "-", "name": "tool", "tool_call_id": "call"}
TURNS: tuple[Row, ...] = (
    {"role": "assistant", "content": "-", "reasoning_content": "-"},
    {"role": "assistant", "content": "-"},
)
"""Finished turns to extend in place of a turn that the renderer would render anew; the first that works is taken."""


class HistoryRewritten(TeacherError):
    """A renderer returned a stream that does not start with the stream it had to extend."""


class Appender:
    """Appends rows (messages in the form that chat templates take) after a turn; `name` is for messages of errors."""

    def __init__(self, renderer: Any, name: str, frames: Frames) -> None:
        """Find finished turns that the renderer extends; raises TeacherRefused if there is none."""
        self._renderer, self._name, self._frames = renderer, name, frames
        self._stops = list(renderer.get_stop_token_ids())
        self._finished = {stop: turn for stop in self._stops for turn in [self._finished_turn(stop)] if turn}
        if not self._finished:
            family = "the renderer of its model family (qwen3, glm-5, gpt-oss, ...)"
            raise TeacherRefused(f"renderer {name} cannot extend a stream; set teacher.renderer to {family}")
        turn = next(iter(self._finished.values()))
        rendered = self._rendered_anew(*turn, [RESULT])
        self._bridge_is_exact = rendered in (None, self._bridge(*turn, [RESULT]))

    def append(self, prompt: list[int], sampled: list[int], rows: list[Row]) -> Extension:
        """The ids that the rows add after `prompt` and `sampled`, of which only the last turn is read.

        A turn without an end, cut by a limit, is ended first. Where a family takes no tool message after a turn
        without a call, an instruction (a tool message without a tool's name) becomes a user message. Raises
        TeacherRefused if the rows cannot be appended, HistoryRewritten if the renderer changes earlier ids.
        """
        if sampled and sampled[-1] in self._finished:
            framed = self._frames.extension(sampled[-1], rows, partial(self._after_finished, sampled[-1]))
            if framed:
                return framed
        return self._rendered(prompt, sampled, rows)

    def _rendered(self, prompt: list[int], sampled: list[int], rows: list[Row]) -> Extension:
        """The renderer's own ids for the rows."""
        variants, attempts = [rows, _instructions_as_user(rows)], [self._extended, self._rendered_anew]
        if not self._bridge_is_exact and sampled[-1:] == [self._end(sampled)]:
            attempts.reverse()
        extensions = (
            extension
            for attempt in attempts
            for variant in variants
            if (extension := attempt(prompt, sampled, variant))
        )
        if extension := next(extensions, None):
            return extension
        raise TeacherRefused(f"renderer {self._name} cannot append {[row['role'] for row in rows]}")

    def same_ids(self, other: Any) -> bool:
        """True if another renderer gives the same ids and pieces on a few short turns."""
        rows = [RESULT | {"content": f"{text}.", "tool_call_id": text} for text in ("a", "b c")]
        results = []
        for renderer in (self._renderer, other):
            turns = self._finished.values()
            results.append([_bridged(renderer, *turn, one) for turn in turns for one in (rows, rows[:1], [QUESTION])])
        return results[0] == results[1]

    def use(self, renderer: Any) -> None:
        """Bridge with this renderer from now on; it must give the `same_ids`."""
        self._renderer = renderer

    def _bridge(self, prompt: list[int], sampled: list[int], rows: list[Row]) -> Extension | None:
        bridged = _bridged(self._renderer, prompt, sampled, rows)
        if bridged is None:
            return None
        before, (ids, owners) = [*prompt, *sampled], bridged
        if ids[: len(before)] != before:
            raise HistoryRewritten(f"renderer {self._name} changed the stream that it had to extend: a bug in it")
        return split(ids[len(before) :], owners[len(before) :], len(rows))

    def _extended(self, prompt: list[int], sampled: list[int], rows: list[Row]) -> Extension | None:
        """The bridge of the turn itself, else of a finished turn that ends as it does."""
        if extension := self._bridge(prompt, sampled, rows):
            return extension
        return self._ended(sampled, self._bridge(*self._finished[self._end(sampled)], rows))

    def _rendered_anew(self, prompt: list[int], sampled: list[int], rows: list[Row]) -> Extension | None:
        """The ids that a whole rendering adds for the rows after a turn that called every one of their tools."""
        if any(row["role"] != "tool" for row in rows):
            return None
        named = [{"tool_call_id": f"call_{at}", "name": "instruction"} | row for at, row in enumerate(rows)]
        history = [QUESTION, TURNS[0] | {"content": "", "tool_calls": [_call(row) for row in named]}]
        n_stops = sum(token in self._stops for token in self._renderer.render_ids(history))
        rendered = self._renderer.render([*history, *named], add_generation_prompt=True)
        stops = [at for at, token in enumerate(rendered.token_ids) if token in self._stops]
        if not 0 < n_stops <= len(stops) or stops[n_stops - 1] < rendered.message_indices.index(1):
            return None
        end = stops[n_stops - 1] + 1
        owners = [owner - len(history) for owner in rendered.message_indices[end:]]
        return self._ended(sampled, split(list(rendered.token_ids[end:]), owners, len(rows)))

    def _after_finished(self, stop: int, rows: list[Row]) -> list[Extension]:
        """The renderer's own ids for the rows after turns with and without a thought or a call that end with `stop`."""
        turns = [self._finished[stop]]
        for turn in (*TURNS, TURNS[0] | {"tool_calls": [_call(RESULT)]}):
            with suppress(Exception):  # renderers raise errors of their own on turns that their family does not have
                turns.append(self._ending_with(stop, turn))
        return [self._rendered(*turn, rows) for turn in turns]

    def _end(self, sampled: list[int]) -> int:
        """The sampled end of the turn if tool results can follow it, else the family's end of a turn."""
        return sampled[-1] if sampled and sampled[-1] in self._finished else next(iter(self._finished))

    def _ended(self, sampled: list[int], extension: Extension | None) -> Extension | None:
        """The extension of a finished turn, behind the end that the sampled turn lacks."""
        if extension and sampled[-1:] != [self._end(sampled)]:
            extension.pieces[0][:0] = [self._end(sampled)]
        return extension

    def _finished_turn(self, stop: int) -> tuple[list[int], list[int]] | None:
        """Prompt and sampled ids of a short turn that ends with `stop` and can be extended by a tool's result."""
        turns = (self._ending_with(stop, turn) for turn in TURNS)
        return next((turn for turn in turns if self._bridge(*turn, [RESULT])), None)

    def _ending_with(self, stop: int, turn: Row) -> tuple[list[int], list[int]]:
        """Prompt and sampled ids of a turn as the renderer writes it, up to its end, which becomes `stop`."""
        prompt = list(self._renderer.render_ids([QUESTION], add_generation_prompt=True))
        ids = list(self._renderer.render_ids([QUESTION, turn]))
        common = next((at for at, (one, other) in enumerate(zip(prompt, ids, strict=False)) if one != other), None)
        start = min(len(prompt), len(ids)) if common is None else common
        end = next((at for at in range(start, len(ids)) if ids[at] in self._stops), len(ids))
        return ids[:start], [*ids[start:end], stop]


def split(ids: list[int], owners: list[int], count: int) -> Extension:
    """Split ids by message. Ids between two messages belong to the first; ids after the last are the cue."""
    end = len(ids)
    while end and owners[end - 1] < 0:
        end -= 1
    starts = [end]
    for message in range(count - 1, 0, -1):
        start = owners.index(message) if message in owners else end
        starts.append(min(start, starts[-1]))
    bounds = [0, *reversed(starts)]
    return Extension([ids[start:stop] for start, stop in pairwise(bounds)], ids[end:])


def _bridged(
    renderer: Any, prompt: list[int], sampled: list[int], rows: list[Row]
) -> tuple[list[int], list[int]] | None:
    bridged = renderer.bridge_to_next_turn(prompt, sampled, rows)
    return None if bridged is None else (list(bridged.token_ids), list(bridged.message_indices))


def _instructions_as_user(rows: list[Row]) -> list[Row]:
    return [{"role": "user", "content": row["content"]} if _is_instruction(row) else row for row in rows]


def _is_instruction(row: Row) -> bool:
    return bool(row["role"] == "tool" and not row.get("name"))


def _call(row: Row) -> Row:
    return {"id": row["tool_call_id"], "type": "function", "function": {"name": row["name"], "arguments": {}}}
