"""The environment of ML engineering: a workspace with the data, and the tools `score` and `submit`.

Labels of test rows never enter the workspace or the sandbox. `score` runs on the side of the factory, with the labels
of the public rows only.
"""

import hashlib
import json
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pydantic import Field

from flows.domains.ml_engineering.scoring.metrics import METRICS, Values
from flows.domains.ml_engineering.scoring.submission import Fault, of_rows, read_submission, scores
from flows.domains.ml_engineering.world.problem import PACKAGE, OpenProblem, open_problem
from flows.domains.ml_engineering.world.record import Entry, Record
from flows.environments.environment import Checkpoint, FinalState
from flows.environments.resources import Resources
from flows.environments.tool import Answer, Arguments, Tool, ToolCall
from flows.environments.workspace import WORKSPACE, Workspace
from flows.environments.workspace.paths import Refused, content, parent_of
from schemas.prompt import prompt

NAME, VERSION = "ml_workspace", "1"
TOO_LATE = "too_late"


class SubmitArguments(Arguments):
    path: str = Field(min_length=1, max_length=400, description="CSV file in the workspace, such as submission.csv")


class ScoreArguments(SubmitArguments):
    note: str = Field(default="", max_length=400, description="the difference from earlier ones, for the record")


SCORE = Tool("score", prompt("tool_score", PACKAGE).text.strip(), ScoreArguments)
SUBMIT = Tool("submit", prompt("tool_submit", PACKAGE).text.strip(), SubmitArguments)
OWN = {one.name: one for one in (SCORE, SUBMIT)}
FILE_TOOLS = ("bash", "read", "edit", "write")
"""Tools of the workspace that composed tasks have."""


class MlWorkspace:
    """The world of one attempt."""

    def __init__(self, inner: Workspace, problem: OpenProblem, setup: Mapping[str, Any], folder: Path) -> None:
        self._inner, self.problem = inner, problem
        self._max_scores, self._max_seconds = int(setup["scores"]), float(setup["seconds"])
        self._accepted = folder / "submissions"
        self._places = {one: at for at, one in enumerate(problem.wanted.ids)}
        self.record = Record()

    def tools(self) -> tuple[Tool, ...]:
        """The tools of the workspace, then `score` and `submit`."""
        return (*self._inner.tools(), *OWN.values())

    def act(self, call: ToolCall) -> Answer:
        """Score or submit a file, or make the call in the workspace while there is computing time."""
        late = self.record.seconds >= self._max_seconds
        if call.name not in OWN:
            return self._timed(call, late=late)
        given = ScoreArguments.model_validate(call.arguments)
        if late:
            self._note(call.name, given, TOO_LATE)
            return Answer(f"The {self._max_seconds:.0f} seconds of computing are used up: it is too late.", "blocked")
        if call.name == SCORE.name and len(self.record.scored) >= self._max_scores:
            return Answer(f"All {self._max_scores} scores are used. Validate on training data instead.", "blocked")
        return self._judged(call.name, given)

    def checkpoint(self) -> Checkpoint:
        """The workspace's checkpoint and the record; equal digests leave the computing time aside."""
        inner, record = self._inner.checkpoint(), self.record.to_dict()
        digest = hashlib.sha256(f"{inner.digest}\n{json.dumps(record['entries'])}".encode()).hexdigest()
        return Checkpoint(digest, json.dumps({"inner": asdict(inner), "record": record}))

    def restore(self, checkpoint: Checkpoint, calls: Sequence[ToolCall]) -> list[Answer]:
        """Restore the workspace from its snapshot, and the record; no call is made again."""
        stored = json.loads(checkpoint.snapshot or "{}")
        answers = self._inner.restore(Checkpoint(**stored["inner"]), [one for one in calls if one.name not in OWN])
        self.record = Record.from_dict(stored["record"])
        return answers if len(answers) == len(calls) else []

    def finish(self, answer: str | None) -> FinalState:
        """The workspace's final state, with the record of all submissions."""
        final = self._inner.finish(answer)
        late = (TOO_LATE,) if self.record.seconds >= self._max_seconds else ()
        return replace(
            final,
            digest=self.checkpoint().digest,
            checks={**final.checks, **self.record.checks()},
            limits=(*final.limits, *late),
        )

    def close(self) -> None:
        """Close the workspace."""
        self._inner.close()

    def final_predictions(self) -> Values | None:
        """The predictions of the submission that counts, in the order of the test rows; None without one."""
        if (final := self.record.final) is None or final.sha256 is None:
            return None
        found = read_submission((self._accepted / final.sha256).read_bytes(), self.problem.wanted)
        return None if isinstance(found, Fault) else found

    def _timed(self, call: ToolCall, *, late: bool) -> Answer:
        if late:
            return Answer(f"The {self._max_seconds:.0f} seconds of computing are used up.", "blocked")
        begun = time.monotonic()
        answer = self._inner.act(call)
        self.record.seconds += max(0.0, time.monotonic() - begun - answer.queued_s)
        return answer

    def _judged(self, tool: str, given: ScoreArguments) -> Answer:
        try:
            with parent_of(self._inner.root, given.path) as (folder, name):
                data, _ = content(folder, name, given.path)
        except Refused as refused:
            self._note(tool, given, "no_file")
            return refused.answer
        found = read_submission(data, self.problem.wanted)
        if isinstance(found, Fault):
            self._note(tool, given, found.reason)
            return Answer(f"Not accepted ({found.reason}). {found.message}", "blocked")
        sha256 = hashlib.sha256(data).hexdigest()
        if tool == SUBMIT.name:
            self._keep(sha256, data)
            self._note(tool, given, "ok", sha256)
            return Answer(f"Accepted: {len(found)} predictions. It is judged after the attempt.")
        self._note(tool, given, "ok", sha256, self._public_score(found))
        return Answer(self._standing())

    def _public_score(self, found: Values) -> float:
        ids, labels = list(self.problem.public), list(self.problem.public.values())
        chosen = of_rows(found, self._places, ids)
        return scores(chosen, labels, self.problem.wanted.metric, self.problem.queries_of(ids))  # type: ignore[arg-type]

    def _standing(self) -> str:
        """The last score beside the best one."""
        scored, metric = self.record.scored, METRICS[self.problem.wanted.metric]
        best = max(scored) if metric.greater_is_better else min(scored)
        return (
            f"{metric.title} on the public rows: {scored[-1]:.5g}\n"
            f"Score {len(scored)} of {self._max_scores}; best so far {best:.5g} (score {scored.index(best) + 1})."
        )

    def _keep(self, sha256: str, data: bytes) -> None:
        self._accepted.mkdir(parents=True, exist_ok=True)
        new = self._accepted / f"{sha256}.new"
        new.write_bytes(data)
        new.replace(self._accepted / sha256)

    def _note(
        self, tool: str, given: ScoreArguments, reason: str, sha256: str | None = None, public: float | None = None
    ) -> None:
        self.record.entries.append(Entry(tool, given.path, reason, sha256, public, given.note))


def tools(setup: str, dialect: str) -> tuple[Tool, ...]:
    """The tools of a task's world; those of a composed task if the setup names none."""
    given = {"tools": FILE_TOOLS} | json.loads(setup)
    return (*WORKSPACE.tools(json.dumps(given), dialect), *OWN.values())


def opened(setup: str, resources: Resources, folder: Path) -> MlWorkspace:
    """The world of a setup: the files are drawn again. Raises ProblemError, and the errors of the workspace."""
    given = json.loads(setup)
    problem = open_problem(given["problem"], resources.sources_folder)
    files = {name: {"base64": b64encode(data).decode()} for name, data in problem.files.items()}
    inner = WORKSPACE.open(json.dumps({**given, "files": files}), resources, folder)
    return MlWorkspace(inner, problem, given, folder)  # type: ignore[arg-type]
