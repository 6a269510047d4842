"""The players that read: the oracle, which delivers the hidden texts, and the explorer, which writes a plain report.

The oracle delivers only if it saw all evidence, so it fails where a page is taken away.
"""

import json
import re
from collections.abc import Generator, Sequence

from flows.domains.contract import Play
from flows.domains.instruction_following.composing.plain import markdown
from flows.environments.tool import Answer, ToolCall
from schemas.task import Hidden, Task

LISTED = re.compile(r"(?P<name>[^:\n]+): .* \((?P<pages>\d+) pages\)")
NAMED = re.compile(r"[\w-]+\.(?:md|csv|json|txt)\b")
LOST = "The evidence of the task cannot be found."
DONE = "The texts are written."
Reading = Generator[Sequence[ToolCall], Sequence[Answer], dict[str, str]]


def solve(task: Task, hidden: Hidden | None) -> Play:
    """Read everything, then write the files of the solution. Raises LookupError without a hidden record."""
    if hidden is None or hidden.oracle is None:
        raise LookupError(f"the task {task.task_id} has no stored solution, so the oracle cannot play it")
    solution = json.loads(hidden.oracle)
    seen = yield from read_all()
    if not all(text in seen.get(name, "") for name, text in solution["evidence"]):
        return LOST
    yield from write_all(solution["files"])
    return str(solution["message"])


def explore(task: Task, hidden: Hidden | None) -> Play:
    """Read everything, and write a report in the usual shape into every file that the task names."""
    seen = yield from read_all()
    yield from write_all(dict.fromkeys(deliverables(task, seen), markdown(task.instruction, seen)))
    return DONE


def read_all() -> Reading:
    """The texts of all documents by name, opened page by page, one page per turn."""
    answers = yield [ToolCall("list", "documents", {})]
    seen = dict[str, str]()
    for listed in LISTED.finditer(answers[0].text):
        seen[listed["name"]] = ""
        for page in range(1, int(listed["pages"]) + 1):
            answers = yield [ToolCall(f"o{len(seen)}-{page}", "open", {"name": listed["name"], "page": page})]
            seen[listed["name"]] += answers[0].text.partition("\n\n")[2]
    return seen


def write_all(files: dict[str, str]) -> Generator[Sequence[ToolCall], Sequence[Answer], None]:
    """Write the files, one per turn."""
    for number, (name, text) in enumerate(files.items()):
        yield [ToolCall(f"w{number}", "write", {"name": name, "text": text})]


def deliverables(task: Task, documents: Sequence[str] | dict[str, str] = ()) -> list[str]:
    """Names of files in the instruction that are no documents."""
    return [name for name in dict.fromkeys(NAMED.findall(task.instruction)) if name not in documents]
