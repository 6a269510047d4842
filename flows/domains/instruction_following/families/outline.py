"""The draft of the writer that satisfies all constraints: each family adds its part, and the texts are made at the end.

A part that no family requires is plain prose, so that leaving out one family gives a report that only lacks its part.
"""

from dataclasses import dataclass, field
from itertools import cycle, islice

from flows.domains.instruction_following.families.delivery import RULE_LINE, Delivery, words

PLAIN_HEADINGS = ("Overview", "Findings", "Outlook")
FILLING = (
    "This part keeps to the documents.",
    "Details remain where they were found.",
    "Nothing was added to them, and nothing was left out that matters here.",
    "The order is that of reading.",
)
PADDING = ("indeed", "again", "plainly", "here", "then", "too")


@dataclass
class Outline:
    """A report in the making, and the files beside it."""

    name: str
    """File name of the report."""
    title: str = "Report on the documents"
    front: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=lambda: list(PLAIN_HEADINGS))
    prefixes: list[str] = field(default_factory=list)
    bodies: list[list[str]] = field(default_factory=list)
    """Paragraphs of each section."""
    end: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    message: str = "The texts are written."

    def __post_init__(self) -> None:
        self.set_headings(self.headings)

    def set_headings(self, headings: list[str]) -> None:
        """Begin the sections anew, with one paragraph each."""
        self.headings, self.bodies = list(headings), [[filling(place)] for place in range(len(headings))]

    def add(self, place: int, sentence: str, *, at_end: bool = False) -> None:
        """Add a sentence to the first or last paragraph of a section, from 1; a missing section is left alone."""
        if place <= len(self.bodies):
            body, where = self.bodies[place - 1], -1 if at_end else 0
            body[where] = f"{body[where]} {sentence}"

    def pad(self, place: int, n_words: int) -> None:
        """Fill a section up to so many words."""
        if place <= len(self.bodies):
            missing = n_words - len(words(" ".join(self.bodies[place - 1])))
            if missing > 0:
                first, *others = self.bodies[place - 1]
                padded = f"{first} And {' '.join(islice(cycle(PADDING), missing - 1))}."
                self.bodies[place - 1] = [padded.replace(" .", "."), *others]

    def text(self) -> str:
        """The report."""
        parts = [f"# {self.title}", "\n\n".join(self.front)]
        prefixes = self.prefixes or [""] * len(self.headings)
        for prefix, heading, body in zip(prefixes, self.headings, self.bodies, strict=False):
            parts += [f"## {prefix}{heading}", *body]
        parts += [RULE_LINE, *self.end] if self.end else []
        return "\n\n".join(part for part in parts if part) + "\n"

    def delivery(self) -> Delivery:
        """The texts."""
        return Delivery({self.name: self.text(), **self.files}, self.message)


def filling(place: int) -> str:
    """A plain sentence for a section or paragraph."""
    return FILLING[place % len(FILLING)]
