"""The laboratory: a workspace with data of a seed, an instrument whose use costs, and the hand-in of a script.

Planted values never enter the workspace or the sandbox. Readings depend on the seed and the number of the measurement,
so that a restored world goes on with the same ones.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from flows.domains.scientific_agentic.families.instrument import STANDARDS, reading
from flows.domains.scientific_agentic.families.project import STANDARDS_FILE, Project, digest_of, standards_file
from flows.domains.scientific_agentic.world.record import Measurement, Record
from flows.domains.scientific_agentic.world.tools import FILE_TOOLS, OWN, MeasureArguments, SubmitArguments
from flows.environments.environment import Checkpoint, Environment, FinalState
from flows.environments.resources import Resources
from flows.environments.tool import Answer, Tool, ToolCall
from flows.environments.workspace import WORKSPACE, Workspace
from flows.environments.workspace.paths import Refused, content, parent_of

NAME, VERSION = "laboratory", "1"
DATA = "data"
MAX_SCRIPT_BYTES = 200_000


class DataDiffer(ValueError):
    """The data drawn here are not the task's."""


class Laboratory:
    """The world of one attempt."""

    def __init__(self, inner: Workspace, setup: Mapping[str, Any], folder: Path) -> None:
        self._inner, self._instrument, self._budget = inner, int(setup["instrument"]), int(setup["budget"])
        self._handed_in = folder / "scripts"
        self.record = Record()

    def tools(self) -> tuple[Tool, ...]:
        """The tools of the workspace, then `measure` and `submit`."""
        return (*self._inner.tools(), *OWN.values())

    def act(self, call: ToolCall) -> Answer:
        """Measure, hand in, or make the call in the workspace."""
        if call.name == "measure":
            return self._measured(MeasureArguments.model_validate(call.arguments))
        if call.name == "submit":
            return self._submitted(SubmitArguments.model_validate(call.arguments).path)
        return self._inner.act(call)

    def checkpoint(self) -> Checkpoint:
        """The workspace's checkpoint and the record."""
        inner, record = self._inner.checkpoint(), self.record.to_dict()
        digest = hashlib.sha256(f"{inner.digest}\n{json.dumps(record)}".encode()).hexdigest()
        return Checkpoint(digest, json.dumps({"inner": asdict(inner), "record": record}))

    def restore(self, checkpoint: Checkpoint, calls: Sequence[ToolCall]) -> list[Answer]:
        """Restore the workspace from its snapshot, and the record; no call is made again."""
        stored = json.loads(checkpoint.snapshot or "{}")
        self._inner.restore(Checkpoint(**stored["inner"]), [])
        self.record = Record.from_dict(stored["record"])
        return []

    def finish(self, answer: str | None) -> FinalState:
        """The workspace's final state, with the cost of all measurements and the scripts handed in."""
        final = self._inner.finish(answer)
        own = {"cost": self.record.cost, "n_measured": len(self.record.measured), "scripts": list(self.record.scripts)}
        return replace(final, digest=self.checkpoint().digest, checks={**final.checks, **own})

    def close(self) -> None:
        """Close the workspace."""
        self._inner.close()

    def script(self) -> bytes | None:
        """The script that counts; None without one."""
        return (self._handed_in / self.record.scripts[-1]).read_bytes() if self.record.scripts else None

    def _measured(self, given: MeasureArguments) -> Answer:
        names = [f"standard-{at}" for at in range(len(STANDARDS))]
        if given.sample not in names:
            return Answer(f"There is no sample {given.sample!r}; the shelf holds {', '.join(names)}.", "empty")
        left = self._budget - self.record.cost
        if given.setting > left:
            return Answer(f"The measurement would cost {given.setting}, and {left} of the budget are left.", "blocked")
        value = reading(self._instrument, names.index(given.sample), given.setting, len(self.record.measured))
        shown = float(f"{value:.7g}")
        self.record.measured.append(Measurement(given.sample, given.setting, shown))
        return Answer(f"reading {shown:.7g}\nCost {given.setting}; {left - given.setting} of the budget are left.")

    def _submitted(self, path: str) -> Answer:
        try:
            with parent_of(self._inner.root, path) as (folder, name):
                data, n_bytes = content(folder, name, path)
        except Refused as refused:
            return refused.answer
        if n_bytes > MAX_SCRIPT_BYTES:
            return Answer(f"The script has {n_bytes:,} bytes; at most {MAX_SCRIPT_BYTES:,} are taken.", "blocked")
        sha256 = hashlib.sha256(data).hexdigest()
        self._handed_in.mkdir(parents=True, exist_ok=True)
        new = self._handed_in / f"{sha256}.new"
        new.write_bytes(data)
        new.replace(self._handed_in / sha256)
        self.record.scripts.append(sha256)
        return Answer("Handed in. It is run on other data after the attempt; the last script counts.")


def tools(setup: str, dialect: str) -> tuple[Tool, ...]:
    """The tools of a task's world; those of a composed task if the setup names none."""
    given = {"tools": FILE_TOOLS} | json.loads(setup)
    return (*WORKSPACE.tools(json.dumps(given), dialect), *OWN.values())


def opened(setup: str, resources: Resources, folder: Path) -> Environment:
    """The world of a setup: its data are drawn again. Raises DataDiffer, and the errors of the workspace."""
    given = json.loads(setup)
    files = Project.of(given).files(int(given["data"]))
    if digest_of(files) != given["sha256"]:
        raise DataDiffer("the data drawn here differ from the task's: compose its night again with this version")
    placed = {f"{DATA}/{name}": data for name, data in files.items()} | {STANDARDS_FILE: standards_file()}
    encoded = {name: {"base64": b64encode(data).decode()} for name, data in placed.items()}
    inner = WORKSPACE.open(json.dumps({**given, "files": encoded}), resources, folder)
    return Laboratory(inner, given, folder)  # type: ignore[arg-type]
