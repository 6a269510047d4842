"""Every `factory` command that README.md or a guide prints is one: its words, options and arguments are accepted."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from flows.cli import app
from tests.house.places import CODE_ROOMS, ROOT, files, name

PAGES = [ROOT / "README.md", *(page for page in files(".md", CODE_ROOMS) if page.name in ("README.md", "GUIDE.md"))]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`(factory [a-z][^`\n]*)`")
PLACEHOLDER = re.compile(r"[|…<>{}]|\.\.\.|\[")
"""A line with alternatives or a gap is a description of a command, not one to type."""


def in_blocks(text: str) -> list[str]:
    """The command lines of a page's shell blocks, which a reader copies."""
    lines = (part for block in BLOCK.findall(text) for line in block.splitlines() for part in line.split(" && "))
    return [line for line in lines if line.startswith("factory ") and not PLACEHOLDER.search(line.partition(" #")[0])]


def mentions(text: str) -> list[str]:
    """The commands that a page names in a sentence, with or without their arguments."""
    spans = (part for span in SPAN.findall(text) for part in span.split(" && "))
    return [span for span in spans if not PLACEHOLDER.search(span)]


def refusal(line: str, *, incomplete: bool = False) -> str | None:
    """The reason for which the command line refuses the words; None if it accepts them, or `incomplete` ones."""
    command: Any = get_command(app)
    context, arguments = None, shlex.split(line, comments=True)[1:]
    try:
        while True:
            context = command.make_context(command.name or "factory", list(arguments), parent=context)
            arguments = [*getattr(context, "_protected_args", ()), *context.args]
            if not arguments or not hasattr(command, "commands"):
                return f"left over: {arguments}" if arguments else None
            _, command, arguments = command.resolve_command(context, arguments)
    except Exception as error:
        kind, message = type(error).__name__, str(getattr(error, "message", "")) or str(error)
        lacks = kind in {"MissingParameter", "NoArgsIsHelpError"} or message.endswith("requires an argument.")
        return None if incomplete and lacks else f"{kind}: {message}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_commands_of_a_page_are_accepted(page: Path) -> None:
    """A renamed option leaves commands in the guides that end in an error."""
    text = page.read_text("utf-8")
    found = {line: refusal(line) for line in in_blocks(text)}
    found |= {line: refusal(line, incomplete=True) for line in mentions(text)}
    assert {line: reason for line, reason in found.items() if reason} == {}


def test_a_wrong_command_is_refused() -> None:
    """A reading that accepts everything would protect no page."""
    for line in ("factory shwo ID", "factory show ID --fulll", "factory publish verify", "factory stats --out"):
        assert refusal(line), line
    assert refusal("factory stats --out", incomplete=True) is None
    assert in_blocks((ROOT / "warehouse" / "GUIDE.md").read_text("utf-8"))
