"""A document as sections: a heading line, and the text up to the next heading line.

Rules are appended to sections when a task is made, so facts are taken only from sections that carry none.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

HEADING = re.compile(r"#{1,6}[ \t]+(?P<title>.*?)[ \t#]*")
FENCE = re.compile(r"[ \t]*(?:```|~~~)")


@dataclass
class Section:
    """`body` is the text below the heading line, without blank lines around it."""

    heading: str
    body: str
    added: list[str] = field(default_factory=list)
    """Paragraphs of the task that are printed after the body: house rules, and instructions of strangers."""
    reserved: bool = False
    """True if paragraphs may be added, so that no fact is taken from it."""


@dataclass
class Document:
    """A text that the agent can open; `url` is None for a generated one."""

    name: str
    title: str
    sections: list[Section]
    url: str | None = None
    doc_id: str | None = None
    license: str | None = None
    fetched_at: datetime | None = None

    def text(self) -> str:
        """The text that tools show, as Markdown with one level of sections."""
        return "\n\n".join(
            "\n\n".join(part for part in (f"## {one.heading}", one.body, *one.added) if part) for one in self.sections
        )

    def headings(self) -> list[str]:
        """The headings in order."""
        return [one.heading for one in self.sections]


def sections_of(markdown: str) -> list[Section]:
    """The sections of a page; text before the first heading is left out. A heading in fenced code is none."""
    found, fenced = list[tuple[str, list[str]]](), False
    for line in markdown.splitlines():
        fenced ^= bool(FENCE.match(line))
        heading = None if fenced else HEADING.fullmatch(line)
        if heading:
            found.append((heading["title"], []))
        elif found:
            found[-1][1].append(line)
    return [Section(plain(title), "\n".join(lines).strip()) for title, lines in found]


def plain(heading: str) -> str:
    """A heading without Markdown: links and emphasis as their words, on one line."""
    text = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", heading)
    text = re.sub(r"\\(.)", r"\1", re.sub(r"[*`¶]+", "", text))
    return " ".join(text.split())
