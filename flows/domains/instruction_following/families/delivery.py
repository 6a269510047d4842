"""The delivered texts as checkers read them: files by name, the final message, and the report in its parts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

PREFIX = re.compile(r"(?:Part \d+: |§ \d+ |\[\d+\] |\d+[.)] |[IVX]+[.)] |[A-Z]\) )")
"""Numbering before a heading, in every style that a rule may require."""
RULE_LINE = "---"


@dataclass(frozen=True)
class Report:
    """A report: `# ` title, front matter, sections with `## ` headings, and the lines below a line of `---`."""

    title: str
    front: tuple[str, ...]
    """Lines of the front matter that are not blank."""
    sections: tuple[tuple[str, str], ...]
    """(heading, body)."""
    end: tuple[str, ...]

    @property
    def headings(self) -> list[str]:
        """The headings without numbering."""
        return [bare(heading) for heading, _ in self.sections]

    def body(self, place: int) -> str:
        """The body of a section, from 1; empty if there is no such section."""
        return self.sections[place - 1][1] if place <= len(self.sections) else ""


@dataclass(frozen=True)
class Delivery:
    """The result of an attempt."""

    files: Mapping[str, str]
    message: str

    def report(self, name: str) -> Report:
        """The file of that name in its parts; a missing file is an empty report."""
        return read_report(self.files.get(name, ""))


@lru_cache(maxsize=16)
def read_report(text: str) -> Report:
    """The parts of a report, whatever the text is."""
    title, front, sections, end = "", list[str](), list[tuple[str, list[str]]](), list[str]()
    ended = False
    for line in map(str.rstrip, text.splitlines()):
        if ended:
            end.append(line)
        elif line.startswith("## "):
            sections.append((line[3:].strip(), []))
        elif sections and line == RULE_LINE:
            ended = True
        elif sections:
            sections[-1][1].append(line)
        elif line.startswith("# ") and not title:
            title = line[2:].strip()
        else:
            front.append(line)
    bodies = tuple((heading, "\n".join(lines).strip()) for heading, lines in sections)
    return Report(title, _filled(front), bodies, _filled(end))


def bare(heading: str) -> str:
    """A heading without numbering in front of it."""
    while found := PREFIX.match(heading):
        heading = heading[found.end() :]
    return heading.strip()


def paragraphs(body: str) -> list[str]:
    """The paragraphs of a text: runs of lines between blank lines, each on one line."""
    return [" ".join(part.split()) for part in re.split(r"\n[ \t]*\n", body) if part.strip()]


def words(text: str) -> list[str]:
    """The words of a text: runs without blanks that have a letter or digit."""
    return [one for one in text.split() if any(sign.isalnum() for sign in one)]


def after(lines: tuple[str, ...], label: str) -> str | None:
    """The text after `label:` in the one line that begins so; None if there is none, or several."""
    found = [line for line in lines if line.startswith(f"{label}:")]
    return found[0].removeprefix(f"{label}:").strip() if len(found) == 1 else None


def _filled(lines: list[str]) -> tuple[str, ...]:
    return tuple(line for line in lines if line.strip())
