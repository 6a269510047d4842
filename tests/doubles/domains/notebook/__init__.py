"""A notebook in a file, with a stamp on each line that no second call would give: it is restored from snapshots."""

import hashlib
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from flows.domains.contract import Domain, Finished, Judgement, Verifier
from flows.environments.environment import Artifact, Checkpoint, EnvironmentKind, FinalState
from flows.environments.resources import Resources
from flows.environments.tool import Answer, Arguments, Tool, ToolCall
from schemas.prompt import prompt
from tests.doubles.domains import event


class WriteArguments(Arguments):
    text: str = Field(description="line to write")


TOOLS = (Tool("write", "Write a line; the answer is its stamp.", WriteArguments),)


class Notebook:
    """One file under the folder of the attempt, with a copy per checkpoint."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._file = folder, folder / "notebook.txt"
        folder.mkdir(parents=True, exist_ok=True)
        self._file.write_text("")

    def tools(self) -> tuple[Tool, ...]:
        return TOOLS

    def act(self, call: ToolCall) -> Answer:
        event()
        stamp = uuid.uuid4().hex
        with self._file.open("a") as file:
            file.write(f"{stamp} {call.arguments['text']}\n")
        event()
        return Answer(stamp)

    def checkpoint(self) -> Checkpoint:
        event()
        digest = hashlib.sha256(self._file.read_bytes()).hexdigest()
        copy = self._folder / f"{digest}.copy"
        shutil.copyfile(self._file, copy.with_suffix(".new"))
        copy.with_suffix(".new").replace(copy)
        event()
        return Checkpoint(digest, snapshot=digest)

    def restore(self, checkpoint: Checkpoint, calls: Sequence[ToolCall]) -> list[Answer]:
        shutil.copyfile(self._folder / f"{checkpoint.snapshot}.copy", self._file)
        return []

    def finish(self, answer: str | None) -> FinalState:
        event()
        content = self._file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        artifact = Artifact("notebook.txt", digest, len(content))
        return FinalState(digest, (artifact,), {"stamps": [line.split()[0] for line in content.decode().splitlines()]})

    def close(self) -> None:
        self._file.unlink(missing_ok=True)


def _opened(setup: str, resources: Resources, folder: Path) -> Notebook:
    return Notebook(folder)


def written(attempt: Finished) -> Judgement:
    return Judgement("ok" if attempt.outcome and attempt.outcome.artifacts != "[]" else "no_notebook")


DOMAIN = Domain(
    name="notebook",
    environment=EnvironmentKind("notebook", "1", lambda setup, dialect: TOOLS, _opened),
    verifiers=(Verifier("written", "1", written),),
    composers=(),
    chat_prompt=prompt("search_system", "flows.domains.search"),
)
