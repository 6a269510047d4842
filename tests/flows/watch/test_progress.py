"""The progress of a night, from the files of its steps."""

import json
import os
import time
from pathlib import Path

import pytest

from flows.watch.progress import NightProgress
from warehouse.console.progress import stage_bar


def report(state: Path, step: str, done: int, total: int | None, note: str = "") -> None:
    with stage_bar(step, state) as bar:
        bar(done, total, note)


def test_the_share_of_a_night_grows_with_its_steps(tmp_path: Path) -> None:
    progress = NightProgress(tmp_path, ["crawl", "tasks", "rollout", "refine"])
    seen = [progress.percent()]
    for step in ("crawl", "tasks", "rollout", "refine"):
        progress.begin(step)
        seen.append(progress.percent())
        report(tmp_path, step, 1, 2)
        seen.append(progress.percent())
        report(tmp_path, step, 2, 2)
        seen.append(progress.percent())
    assert seen == sorted(seen)
    assert seen[-1] == 100
    assert seen[5] == pytest.approx(100 * 1.5 / 4)


@pytest.mark.parametrize("total", [None, 0])
def test_a_step_of_unknown_length_counts_as_not_begun(total: int | None, tmp_path: Path) -> None:
    progress = NightProgress(tmp_path, ["crawl", "tasks"])
    report(tmp_path, "crawl", 7, total)
    assert progress.percent() == 0


def test_the_report_of_an_earlier_night_is_not_shown(tmp_path: Path) -> None:
    """Each night would begin with the lines of the last one."""
    report(tmp_path, "crawl", 9, 9, "yesterday's pages")
    path = tmp_path / "progress" / "crawl.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"at": time.time() - 86_400, "pid": os.getpid()}))
    progress = NightProgress(tmp_path, ["crawl"])
    assert progress.line() is None
    assert progress.percent() == 0


def test_a_log_holds_a_line_a_minute_and_the_last_one(tmp_path: Path) -> None:
    """A log of 100,000 lines of progress hides the one that matters."""
    progress = NightProgress(tmp_path, ["crawl"])
    progress.begin("crawl")
    report(tmp_path, "crawl", 1, 3, "begun")
    assert progress.line() == "crawl: 1 of 3 begun"
    report(tmp_path, "crawl", 2, 3, "working")
    assert progress.line() is None
    report(tmp_path, "crawl", 3, 3, "done")
    assert progress.line(ended=True) == "crawl: 3 of 3 done"
    assert progress.line(ended=True) is None
