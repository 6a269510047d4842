"""A scripted teacher that solves the tasks of a night in every domain: it makes the calls of each domain's oracle.

The oracle plays a task once in a world of its own; the replies of the served attempt are its turns, one after the
other. A task of a domain without an oracle is answered with its truth.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.domains import domain
from flows.domains.attempt import Player
from flows.environments.resources import Resources
from schemas import Hidden, Task
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import assistant_turns
from tests.flows.tasks.reading import rows

LOST = "I do not know."
OPENING = 40_000
"""Tokens of a prompt in which its task is looked for, after the system prompt and the tools."""


@dataclass
class Solver:
    """Replies to prompts about the tasks in the lake of a home."""

    home: Path
    replies: dict[str, list[str]] = field(default_factory=dict)
    """Task id -> the texts of its turns."""
    tasks: list[Task] = field(default_factory=list)

    def __call__(self, prompt_ids: list[int], body: dict[str, Any]) -> str:
        prompt, done = tiny.decode(prompt_ids[:OPENING]), assistant_turns(prompt_ids) - 1
        task = self._task(prompt)
        if task is None:
            return LOST
        if task.task_id not in self.replies:
            self.replies[task.task_id] = self._turns(task)
        texts = self.replies[task.task_id]
        return texts[min(done, len(texts) - 1)]

    def _task(self, prompt: str) -> Task | None:
        """The task whose instruction the prompt has; the longest one, since an instruction may hold another."""
        if not self.tasks:
            self.tasks = [Task(**row) for row in rows(self.home, Task)]
        return max((one for one in self.tasks if one.instruction in prompt), key=_length, default=None)

    def _turns(self, task: Task) -> list[str]:
        policies = domain(task.domain).policies
        if policies is None:
            return [task.answer or LOST]
        hidden = next((Hidden(**row) for row in rows(self.home, Hidden) if row["task_id"] == task.task_id), None)
        library = next(iter(sorted((self.home / "state" / "library").glob("*/meta.json"))), None)
        player = Player(domain(task.domain), Resources(library and library.parent), self.home / "played" / task.task_id)
        turns = player.play(task, hidden, policies.oracle).finished.turns
        return [_reply(turn.tool_calls, turn.content) for turn in turns if turn.role == "assistant"]


def _reply(calls: str | None, said: str | None) -> str:
    if not calls:
        return said or LOST
    written = (json.dumps({"name": one["name"], "arguments": one["arguments"]}) for one in json.loads(calls))
    return "\n".join(f"<tool_call>\n{one}\n</tool_call>" for one in written)


def _length(task: Task) -> int:
    return len(task.instruction)
