"""Appends messages without running the renderer: each kind of message has a frame of ids around its text.

A renderer spends most of a turn's processor time in Python loops over ids, to write the same ids around another text.
The frame of a kind of messages is taken from the renderer once, and is used only if it gives the renderer's own ids for
texts that merge with their surroundings: blanks, line ends, digits, other scripts.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice, pairwise
from typing import Any

from flows.rollout.protocol import Extension, TeacherError

Row = dict[str, Any]
Encode = Callable[[str], list[int]]
AppendRows = Callable[[list[Row]], list[Extension]]
"""The renderer's own extensions in the place that a frame is for, for some rows."""
Kind = tuple[tuple[str, str | None, bool], ...]
"""Role, name and presence of a call id of each message."""
MAX_KINDS = 256
"""Kinds of messages whose frames are kept."""
MAX_COUNTED = 4_096
"""Kinds of messages whose uses are counted."""
MAX_MESSAGES = 8
USES_A_MESSAGE = 32
"""Times that a kind of several messages has to occur, per further message, before its frames are looked for: that costs
as much as a hundred turns."""
MARKS = ("zebra-one", "yacht-two")
"""Texts whose places in the ids show what a frame is: two, to tell the frame from the text."""
PROBES = (
    "", " ", "\n", "\n\n", "a", " a ", "\na\n", "\n\n a\n\n", "a \n \n", "\ta\t", "\r\na\r\n", "1", "23\n4", ".",
    "...\n", "'s", '{"a": [1]}', "<b>", "</", "[INST]", "é", "日本", "ก็", "🙂\u200d", "\u00a0a\u00a0", "- ", "%s",
    "`x`\n```", "\\n", "_",
)  # fmt: skip
"""Texts that a tokenizer could merge with their surroundings, or a template could strip."""


@dataclass(frozen=True)
class Frame:
    """The surroundings of a message's text: ids, and the parts of text that are encoded together with it."""

    before: list[int]
    opening: str
    closing: str
    after: list[int]

    def ids(self, text: str, encode: Encode) -> list[int]:
        """The ids of the message with this text."""
        return [*self.before, *encode(f"{self.opening}{text}{self.closing}"), *self.after]


@dataclass(frozen=True)
class Framing:
    """The frames of the messages of one kind, and the generation prompt behind them."""

    frames: tuple[Frame, ...]
    cue: list[int]

    def extension(self, texts: Iterable[str], encode: Encode) -> Extension:
        """The ids that messages with these texts add."""
        pieces = [frame.ids(text, encode) for frame, text in zip(self.frames, texts, strict=True)]
        return Extension(pieces, list(self.cue))


class Frames:
    """The framings of a renderer, found as kinds of messages occur.

    `encode`, `decode` and `guard` are those of the guarded tokenizer; `control` are its ids that are never a text's.
    """

    def __init__(
        self, encode: Encode, decode: Callable[[list[int]], str], guard: Callable[[str], str], control: Iterable[int]
    ) -> None:
        self._encode, self._decode, self._guard, self._control = encode, decode, guard, frozenset(control)
        self._known: OrderedDict[tuple[Hashable, Kind], Framing | None] = OrderedDict()
        self._uses: Counter[tuple[Hashable, Kind]] = Counter()

    def extension(self, place: Hashable, rows: list[Row], append: AppendRows, uses: int = 0) -> Extension | None:
        """The ids that the rows add in a place; None if their kind has no frame there.

        A place is that after a turn with the same end, or behind the same beginning. A frame is looked for after
        `uses` of the place.
        """
        key = place, _kind(rows)
        if key not in self._known and not self._look_for(key, rows, append, uses):
            return None
        framing = self._known[key]
        return framing.extension([row["content"] for row in rows], self._encode) if framing else None

    def _look_for(self, key: tuple[Hashable, Kind], rows: list[Row], append: AppendRows, uses: int) -> bool:
        """Find the framing of a kind that has occurred often enough; True if that was done."""
        self._uses[key] += 1
        if self._uses[key] <= uses + USES_A_MESSAGE * (len(rows) - 1):
            if len(self._uses) > MAX_COUNTED:
                self._uses.clear()
            return False
        del self._uses[key]
        try:
            self._known[key] = self._framing(rows, append) if len(rows) <= MAX_MESSAGES else None
        except TeacherError:
            self._known[key] = None
        if len(self._known) > MAX_KINDS:
            self._known.popitem(last=False)
        return True

    def _framing(self, rows: list[Row], append: AppendRows) -> Framing | None:
        """The frames of rows of this kind, if they give the renderer's own ids for every probe."""
        marked = [append(_with_texts(rows, [f"{mark} {at}" for at in range(len(rows))]))[0] for mark in MARKS]
        for joined in (True, False):
            frames = [self._frame(at, marked, joined=joined) for at in range(len(rows))]
            if None in frames or marked[0].cue != marked[1].cue:
                continue
            framing = Framing(tuple(frame for frame in frames if frame), marked[0].cue)
            if all(self._fits(framing, probe, append) for probe in self._probes(rows)):
                return framing
        return None

    def _frame(self, at: int, marked: Sequence[Extension], *, joined: bool) -> Frame | None:
        """The frame of a message that holds the marks; `joined` if the text around is encoded with its text."""
        found = [
            self._split(one.pieces[at], f"{mark} {at}", joined=joined) for one, mark in zip(marked, MARKS, strict=True)
        ]
        return found[0] if found[0] == found[1] else None

    def _split(self, piece: list[int], mark: str, *, joined: bool) -> Frame | None:
        """The frame around the mark, from the last control id before it to the first one behind it."""
        bounds = [-1, *(at for at, token in enumerate(piece) if token in self._control), len(piece)]
        for start, end in pairwise(bounds):
            text = self._decode(piece[start + 1 : end])
            if mark in text:
                opening, _, closing = text.partition(mark)
                before, after = piece[: start + 1], piece[end:]
                if joined:
                    return Frame(before, opening, closing, after)
                return Frame([*before, *self._encode(opening)], "", "", [*self._encode(closing), *after])
        return None

    def _fits(self, framing: Framing, rows: list[Row], append: AppendRows) -> bool:
        made = framing.extension([row["content"] for row in rows], self._encode)
        return all((one.pieces, one.cue) == (made.pieces, made.cue) for one in append(rows))

    def _probes(self, rows: list[Row]) -> Iterator[list[Row]]:
        """The rows with probes as their texts, each probe in every place, and once with other call ids."""
        control = self._decode([min(self._control)]) if self._control else ""
        texts = [*PROBES, *map(self._guard, (control, f"a{control}", f"{control}\n"))]
        for start in range(len(texts)):
            yield _with_texts(rows, list(islice(cycle(texts), start, start + len(rows))))
        named = [row | {"tool_call_id": f"other_{at}"} if "tool_call_id" in row else row for at, row in enumerate(rows)]
        yield _with_texts(named, ["a"] * len(rows))


def _kind(rows: list[Row]) -> Kind:
    return tuple((row["role"], row.get("name"), "tool_call_id" in row) for row in rows)


def _with_texts(rows: list[Row], texts: list[str]) -> list[Row]:
    return [row | {"content": text} for row, text in zip(rows, texts, strict=True)]
