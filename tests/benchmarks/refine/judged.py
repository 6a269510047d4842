"""Judges the labelled rows by the gates: a real import under `--accepted`, then a real refine, in a lake of their own.

Redaction is off, as for a set whose secrets the import did not find; with it, the gate `secrets` would see none.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from flows.imports.chunk import ImportOptions
from flows.imports.existing_ids import ExistingIds
from flows.imports.importer import Importer
from flows.refine.decide import run_refine
from flows.settings import Settings
from tests.flows.refine.gates.labelled.rows import LabelledRow
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

GATES = {
    "secrets": ("secrets",),
    "refusal": ("refusal",),
    "error_text": ("error_text",),
    "invention": ("invention", "claims", "tests"),
    "language": ("language",),
    "ending": ("answer", "status"),
    "loop": ("loop",),
    "repetition": ("repetition",),
    "leakage": ("leakage",),
}
"""Family of labelled rows -> the gates that name its defects. All of them are the text gates."""
SET_ASIDE = frozenset({
    "withdrawn", "structure", "arguments", "min_calls", "decontamination", "blocked_hosts", "evidence",
    "exact_duplicate", "near_duplicate", "outcome", "judge", "rehearsal",
})  # fmt: skip
"""Gates whose answers do not count here: they judge structure, lists, other rows or verdicts."""
ANSWERS = "select row, gates from imports join decisions using (trajectory_id) where file = $file order by row"


@dataclass(frozen=True)
class Judged:
    """A labelled row, and the gates that refuse it with their reasons."""

    labelled: LabelledRow
    refused_by: dict[str, str]

    def is_refused_by(self, family: str) -> bool:
        """True if a gate of the family refuses the row."""
        return not self.refused_by.keys().isdisjoint(GATES[family])

    def is_refused(self) -> bool:
        """True if any text gate refuses the row."""
        return any(self.is_refused_by(family) for family in GATES)


def judged(rows: Sequence[LabelledRow]) -> list[Judged]:
    """Import the rows, refine, and return them with the gates' answers.

    Raises ValueError if a row has no decision, or a gate belongs to no family and is not set aside.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        file = Path(folder) / "labelled.jsonl"
        file.write_text("".join(json.dumps(one.row) + "\n" for one in rows))
        lake = Lake(settings.lake)
        with connect(lake) as con:
            existing = ExistingIds.of(con, datetime.now(UTC))
        options = ImportOptions("messages", "imported", accepted=True, redact=False)
        Importer(lake, existing, []).import_file(file, file.name, options, silent)
        run_refine(settings, date(2026, 11, 20), silent)
        with connect(lake) as con:
            answers = dict(con.execute(ANSWERS, {"file": file.name}).fetchall())
    if len(answers) < len(rows):
        raise ValueError(f"{len(rows) - len(answers)} of {len(rows)} labelled rows have no decision")
    if unknown := json.loads(answers[0]).keys() - SET_ASIDE.union(*GATES.values()):
        raise ValueError(f"gates without a family: {sorted(unknown)}; add each to GATES or SET_ASIDE in {__name__}")
    return [Judged(one, _refusals(json.loads(answers[number]))) for number, one in enumerate(rows)]


def _refusals(gates: dict[str, dict[str, object]]) -> dict[str, str]:
    return {gate: str(answer["reason"]) for gate, answer in gates.items() if not answer["keep"]}
