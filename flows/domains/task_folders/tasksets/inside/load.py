"""Lists tasks of a taskset with a proven reply, or the reason why there is none. Runs in the sandbox.

Reads {"folder", "name", "first", "count"} from its input, and writes a line of JSON for each task.
"""

import asyncio
import base64
import json
import sys
import traceback
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from grade import open_taskset, rewards, runtime_in, trace_of  # type: ignore[import-not-found]
from verifiers.v1.envs.single_agent import SingleAgentEnv
from verifiers.v1.types import content_text
from verifiers.v1.utils.loaders import environment_class

ANSWERS = ("answer", "solution", "ground_truth", "gold", "target", "expected", "expected_answer", "reference", "label")
"""Fields of a row in which tasksets keep the right reply."""
FORMS = ("{}", "\\boxed{{{}}}", "<answer>{}</answer>", "<answer>\\boxed{{{}}}</answer>", "```python\n{}\n```")
"""Forms in which a right reply is tried: as it is, or as replies are commonly asked for."""
BLANK_REPLIES = ("", "I do not know.")
MAX_FILES = 1 << 20
"""Bytes of the files that a task's setup writes."""


class Unfit(Exception):
    """A task cannot become one here; the message is the reason code."""


def listed(given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A dictionary per task: its data, instruction, files and proven reply, or `refused`."""
    taskset = open_taskset(given["folder"], given["name"])
    own_environment = environment_class(given["name"]) is not SingleAgentEnv
    shared = taskset.toolsets(taskset.config)
    for index, task in enumerate(islice(taskset, given["first"], given["first"] + given["count"])):
        try:
            check(task, own_environment or bool(shared))
            folder = Path("work", str(index))
            folder.mkdir(parents=True)
            yield asyncio.run(proven(task, folder))
        except Unfit as reason:
            yield {"refused": str(reason)}
        except Exception:
            traceback.print_exc()
            yield {"refused": "taskset_code_failed"}


def check(task: Any, needs_servers: bool) -> None:
    """Raises Unfit for what only the taskset's own servers, images or judges can give."""
    data = task.data
    if needs_servers or task.toolsets(task.config):
        raise Unfit("needs_servers")
    if data.image:
        raise Unfit("image_is_not_of_packages")
    if data.skills or data.artifacts:
        raise Unfit("needs_skills_or_artifacts")
    if task.plugged_judges():
        raise Unfit("needs_a_judge")


async def proven(task: Any, folder: Path) -> dict[str, Any]:
    """A task whose own reply gets the full reward, and which no blank reply solves."""
    await task.setup(trace_of(task, None), runtime_in(folder))
    files = read(folder)
    if await task.validate(runtime_in(folder)) is False:
        raise Unfit("invalid_by_its_own_check")
    reply, found = await best(task, folder)
    for blank in BLANK_REPLIES:
        if sum((await rewards(task, blank, folder)).values()) >= sum(found.values()):
            raise Unfit("blank_reply_solves_it")
    data = json.loads(task.data.model_dump_json())
    return {"data": data, "instruction": instruction(task.data), "files": files, "reply": reply, "full": found}


async def best(task: Any, folder: Path) -> tuple[str, dict[str, float]]:
    """The reply with the highest reward among the right answers of the row in all forms. Raises Unfit without any."""
    answers = [getattr(task.data, name, None) for name in ANSWERS]
    texts = [one if isinstance(one, str) else json.dumps(one) for one in answers if one not in (None, "", [], {})]
    tried = [(form.format(text), await rewards(task, form.format(text), folder)) for text in texts for form in FORMS]
    reply, found = max(tried, key=lambda one: sum(one[1].values()), default=("", {}))
    if sum(found.values()) <= 0:
        raise Unfit("no_solution")
    return reply, found


def instruction(data: Any) -> str:
    """The text of the prompt, the system prompt before it."""
    parts = [data.system_prompt or ""]
    for message in [data.prompt] if isinstance(data.prompt, str) else data.prompt or []:
        if not isinstance(message, str) and message.role not in ("system", "user"):
            raise Unfit("prompt_is_a_dialogue")
        content = message if isinstance(message, str) else message.content
        if not isinstance(content, str) and any(getattr(part, "type", "text") != "text" for part in content):
            raise Unfit("prompt_has_media")
        parts.append(content if isinstance(content, str) else content_text(content))
    if not any(part.strip() for part in parts[1:]):
        raise Unfit("no_instruction")
    return "\n\n".join(part.strip() for part in parts if part.strip())


def read(folder: Path) -> dict[str, str]:
    """Path -> base64 of the files of a folder. Raises Unfit if they are too large."""
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    if sum(map(len, found.values())) > MAX_FILES:
        raise Unfit("folder_too_large")
    return {name: base64.b64encode(data).decode() for name, data in found.items()}


if __name__ == "__main__":
    with Path("tasks.jsonl").open("w", encoding="utf-8") as out:
        for one in listed(json.load(sys.stdin)):
            out.write(json.dumps(one) + "\n")
