"""Long texts of tasks are loaded when an attempt starts; a night of 10,000 office worlds needs gigabytes otherwise."""

import json
from datetime import date
from pathlib import Path

import pytest

from flows.rollout.task_texts import SHORT_BYTES, TaskTexts
from schemas import Task
from tests.doubles.domains import available, write_tasks
from tests.flows.tasks.reading import rows
from warehouse.connect import connect, query
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
LONG, SHORT = json.dumps({"text": "x" * SHORT_BYTES}), "{}"


def test_planned_attempts_are_held_without_the_long_texts_which_are_found_by_task(tmp_path: Path) -> None:
    """The setups of all attempts at once fill the memory of the machine before the first attempt starts."""
    lake = Lake(tmp_path / "lake")
    with available():
        write_tasks(lake, DAY, "ledger", [(LONG, '{"bank": 1}'), (SHORT, '{"bank": 2}'), (LONG, '{"bank": 3}')])
    tasks = rows(tmp_path, Task)
    with connect(lake) as con:
        planned = con.sql(query("rollout", "planned_attempts")).to_arrow_table()
        texts = TaskTexts.of(con, lake, planned["task_id"].to_pylist())
    assert planned.num_rows == 3 and planned.nbytes < SHORT_BYTES
    assert [texts.setup(one["task_id"]) for one in tasks] == [LONG, SHORT, LONG]
    truths = [texts.truth(one["task_id"]) for one in tasks]
    assert [one and one.goal for one in truths] == ['{"bank": 1}', '{"bank": 2}', '{"bank": 3}']
    assert list(texts.short) == [tasks[1]["task_id"]]
    with pytest.raises(KeyError):
        texts.setup("unknown")
