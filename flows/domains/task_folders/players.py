"""Scripted players of task folders: the oracle follows the folder's own solution, shortcuts do nothing of it."""

import json
import shlex
from typing import Any

from flows.domains.contract import Play, Policies
from flows.environments.tool import ToolCall
from schemas.task import Hidden, Task

HERE = "/tmp/solution"  # noqa: S108 - of the sandbox
THERE = "/solution/"
"""Folder of the solution in Harbor, where a solution's script may look for its other files."""


def solve(task: Task, hidden: Hidden | None) -> Play:
    """Looks around, runs the solution script, and submits."""
    solution = json.loads((hidden.oracle if hidden else None) or "{}")
    yield [_bash("pwd && ls -la")]
    yield [_bash(_script(solution["files"], solution["variables"]))]
    yield [ToolCall("submit", "submit", {})]
    return "Done."


def _script(content: dict[str, str | dict[str, Any]], variables: dict[str, str]) -> str:
    """One command that writes the solution's files beside the workspace and runs its script in the workspace."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    for name, data in content.items():
        place = shlex.quote(f"{HERE}/{name}")
        lines.append(f'mkdir -p "$(dirname {place})"')
        file = {"text": data} if isinstance(data, str) else data
        if "text" in file:
            lines.append(f"printf %s {shlex.quote(file['text'].replace(THERE, f'{HERE}/'))} > {place}")
        else:
            lines.append(f"printf %s {shlex.quote(file['base64'])} | base64 -d > {place}")
        if file.get("executable"):
            lines.append(f"chmod +x {place}")
    return "\n".join([*lines, f"bash {HERE}/solve.sh"])


def _bash(command: str) -> ToolCall:
    return ToolCall("bash", "bash", {"command": command})


def nothing(task: Task, hidden: Hidden | None) -> Play:
    """Answers at once."""
    yield []
    return "Done."


def submit(task: Task, hidden: Hidden | None) -> Play:
    """Submits the files as they are."""
    yield [ToolCall("submit", "submit", {})]
    return "Done."


def touch(task: Task, hidden: Hidden | None) -> Play:
    """Creates an empty file of each name in the instruction."""
    names = [word.strip("`'\".,:;()") for word in task.instruction.split()]
    files = sorted({name for name in names if "." in name.strip(".") and "://" not in name and "*" not in name})
    command = "; ".join(f'mkdir -p "$(dirname {shlex.quote(one)})"; touch {shlex.quote(one)}' for one in files)
    yield [_bash(f"{command or 'true'}; true")]
    yield [ToolCall("submit", "submit", {})]
    return "Done."


PLAYERS = Policies(oracle=solve, shortcuts={"nothing": nothing, "submit": submit, "touch": touch})
