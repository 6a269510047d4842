"""The environment of instruction following: documents that are read page by page, and files that are delivered.

The documents are in the task's setup, so that a world needs no index and equal calls give equal answers. Files are
kept as text in memory; a killed attempt is rebuilt by making its calls again.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from flows.environments.environment import Artifact, Checkpoint, EnvironmentKind, FinalState
from flows.environments.resources import Resources
from flows.environments.tool import Answer, Arguments, Tool, ToolCall
from schemas.prompt import prompt
from sources.blocklist import Blocklist

PACKAGE = "flows.domains.instruction_following"
PAGE_CHARS = 4_000
MAX_FILES = 12
MAX_FILE_CHARS = 40_000
MAX_LINES_FOUND = 20


class NoArguments(Arguments):
    """A call without arguments."""


class OpenArguments(Arguments):
    name: str = Field(min_length=1, max_length=200, description="name of a document, or of a file that you wrote")
    page: int = Field(default=1, ge=1, description="page of a long document, from 1")


class FindArguments(Arguments):
    name: str = Field(min_length=1, max_length=200, description="name of a document")
    words: str = Field(min_length=2, max_length=200, description="words to find, as they are written")


class WriteArguments(Arguments):
    name: str = Field(pattern=r"^[\w][\w.-]{0,79}$", description="name of the file, such as report.md")
    text: str = Field(max_length=MAX_FILE_CHARS, description="the whole text of the file; it replaces an earlier one")


def _tool(name: str, arguments: type[Arguments], *, read_only: bool = True) -> Tool:
    return Tool(name, prompt(f"tool_{name}", PACKAGE).text.strip(), arguments, read_only=read_only)


ARGUMENTS: dict[str, type[Arguments]] = {
    "documents": NoArguments, "open": OpenArguments, "find": FindArguments, "write": WriteArguments,
}  # fmt: skip
TOOLS = tuple(_tool(name, arguments, read_only=name != "write") for name, arguments in ARGUMENTS.items())


class Desk:
    """The documents and files of one attempt."""

    def __init__(self, setup: str, blocked: Sequence[str] = ()) -> None:
        self._documents: list[Mapping[str, Any]] = json.loads(setup)["documents"]
        self._blocklist = Blocklist(blocked)
        self.files: dict[str, str] = {}
        self._acts: dict[str, Callable[..., Answer]] = {
            "documents": lambda given: self._list(),
            "open": lambda given: self._open(given.name, given.page),
            "find": lambda given: self._find(given.name, given.words),
            "write": lambda given: self._write(given.name, given.text),
        }

    def tools(self) -> tuple[Tool, ...]:
        """The same tools in every world."""
        return TOOLS

    def act(self, call: ToolCall) -> Answer:
        """Read or write; names that do not exist are answers, too."""
        return self._acts[call.name](ARGUMENTS[call.name].model_validate(call.arguments))

    def checkpoint(self) -> Checkpoint:
        """The digest of documents and files; no copy, since equal calls give equal files."""
        state = json.dumps([self._documents, self.files], ensure_ascii=False, sort_keys=True)
        return Checkpoint(hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest())

    def restore(self, checkpoint: Checkpoint, calls: Sequence[ToolCall]) -> list[Answer]:
        """Make the calls again."""
        return [self.act(call) for call in calls]

    def finish(self, answer: str | None) -> FinalState:
        """The files, as artifacts and as the texts that verifiers read."""
        kept = [(name, text, text.encode("utf-8", "replace")) for name, text in sorted(self.files.items())]
        artifacts = tuple(Artifact(name, hashlib.sha256(data).hexdigest(), len(data)) for name, _, data in kept)
        return FinalState(self.checkpoint().digest, artifacts, {"files": {name: text for name, text, _ in kept}})

    def close(self) -> None:
        """There is nothing to release."""

    def _list(self) -> Answer:
        lines = [f"{one['name']}: {one['title']} ({_n_pages(one['text'])} pages)" for one in self._documents]
        written = [f"{name}: your file ({len(text)} characters)" for name, text in self.files.items()]
        return Answer("\n".join([*lines, *written]))

    def _open(self, name: str, page: int) -> Answer:
        found = self._text(name)
        if isinstance(found, Answer):
            return found
        text, url = found
        n_pages = _n_pages(text)
        if page > n_pages:
            return Answer(f"{name} has {n_pages} pages; there is no page {page}.", "empty")
        return Answer(f"{name}, page {page} of {n_pages}\n\n{pages(text)[page - 1]}", url=url)

    def _find(self, name: str, words: str) -> Answer:
        found = self._text(name)
        if isinstance(found, Answer):
            return found
        text, url = found
        lines = [
            f"page {number}: {line.strip()}"
            for number, page in enumerate(pages(text), 1)
            for line in page.splitlines()
            if words.lower() in line.lower()
        ]
        more = [f"and {len(lines) - MAX_LINES_FOUND} more lines"] if len(lines) > MAX_LINES_FOUND else []
        return Answer("\n".join([*lines[:MAX_LINES_FOUND], *more]) or "No line has these words.", _kind(lines), url)

    def _write(self, name: str, text: str) -> Answer:
        if any(one["name"] == name for one in self._documents):
            return Answer(f"{name} is a document; choose the name of a file that you deliver.", "blocked")
        if name not in self.files and len(self.files) >= MAX_FILES:
            return Answer(f"There are {MAX_FILES} files, the most that fit. Replace one of them.", "blocked")
        self.files[name] = text
        return Answer(f"Written: {name}, {len(text)} characters.")

    def _text(self, name: str) -> tuple[str, str | None] | Answer:
        """The text and url of a document or file, or why there is none."""
        if name in self.files:
            return self.files[name], None
        one = next((one for one in self._documents if one["name"] == name), None)
        if one is None:
            return Answer(f"There is no document {name!r}; `documents` lists them.", "empty")
        if one["url"] and self._blocklist.blocking_entry(one["url"]):
            return Answer(f"{name} may not be read: its address is blocked.", "blocked")
        return one["text"], one["url"]


def pages(text: str) -> list[str]:
    """A text in pages of at most PAGE_CHARS characters, cut at ends of lines where one is near."""
    cut = []
    while len(text) > PAGE_CHARS:
        at = text.rfind("\n", PAGE_CHARS // 2, PAGE_CHARS) + 1 or PAGE_CHARS
        cut.append(text[:at])
        text = text[at:]
    return [*cut, text]


def _n_pages(text: str) -> int:
    return len(pages(text))


def _kind(lines: Sequence[str]) -> Any:
    return "ok" if lines else "empty"


def _tools(setup: str, dialect: str) -> tuple[Tool, ...]:
    return TOOLS


def _opened(setup: str, resources: Resources, folder: Path) -> Desk:
    return Desk(setup, resources.blocklist)


DESK = EnvironmentKind("desk", "1", _tools, _opened)
