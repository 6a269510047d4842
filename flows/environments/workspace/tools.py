"""The tools of workspaces, as the model sees them; a task names those that it offers."""

from collections.abc import Sequence

from pydantic import Field

from flows.environments.tool import Arguments, Tool
from schemas.prompt import prompt

MAX_CHARS = 1_000_000
"""Characters of a text that one call may write."""
PATH = "path of the file, relative to /workspace"


class BashArguments(Arguments):
    command: str = Field(min_length=1, max_length=100_000, description="command for bash")


class PythonArguments(Arguments):
    code: str = Field(min_length=1, max_length=MAX_CHARS, description="Python program; print what you want to see")


class ReadArguments(Arguments):
    path: str = Field(min_length=1, max_length=4_000, description="path of a file or folder, relative to /workspace")
    offset: int | None = Field(default=None, ge=1, description="number of the first line to show, from 1")
    limit: int | None = Field(default=None, ge=1, description="number of lines to show")


class EditArguments(Arguments):
    path: str = Field(min_length=1, max_length=4_000, description=PATH)
    old: str = Field(max_length=MAX_CHARS, description="text to replace; it must occur exactly once in the file")
    new: str = Field(max_length=MAX_CHARS, description="text to put in its place")


class WriteArguments(Arguments):
    path: str = Field(min_length=1, max_length=4_000, description=PATH)
    text: str = Field(max_length=MAX_CHARS, description="the whole text of the file")


class TestArguments(Arguments):
    select: list[str] = Field(default=[], max_length=50, description="files or ids of tests to run; none: all tests")


class SubmitArguments(Arguments):
    pass


def _tool(name: str, arguments: type[Arguments], *, read_only: bool = False, sandboxed: bool = False) -> Tool:
    """A tool; the output of a command may differ from one run to the next."""
    text = prompt(name, __package__).text.strip()
    return Tool(name, text, arguments, read_only=read_only, volatile=sandboxed, sandboxed=sandboxed)


TOOLS = {
    tool.name: tool
    for tool in (
        _tool("bash", BashArguments, sandboxed=True),
        _tool("python", PythonArguments, sandboxed=True),
        _tool("read", ReadArguments, read_only=True),
        _tool("edit", EditArguments),
        _tool("write", WriteArguments),
        _tool("run_tests", TestArguments, sandboxed=True),
        _tool("submit", SubmitArguments),
    )
}


def chosen(names: Sequence[str]) -> tuple[Tool, ...]:
    """The named tools, in their order. Raises LookupError for a name that does not exist."""
    if unknown := [name for name in names if name not in TOOLS]:
        raise LookupError(f"a workspace has no tools {', '.join(unknown)}; it has {', '.join(TOOLS)}")
    return tuple(TOOLS[name] for name in names)
