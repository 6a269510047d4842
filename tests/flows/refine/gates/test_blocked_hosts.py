"""The gate on the current blocklist: pages that were read before their address was listed are not released either."""

from datetime import date
from pathlib import Path

import pytest

from flows.refine.decide import run_refine
from flows.settings import Settings
from tests.doubles.lakes.small_lake import make_small_lake, write_records
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 11, 20)


@pytest.mark.slow
def test_reading_a_blocked_address_is_refused(tmp_path: Path) -> None:
    """A site owner's request also covers the pages that were read last month."""
    made = make_small_lake(DAY, n_tasks=3, samples=1)
    urls = ("https://sub.gone.org/a", "https://sub.gone.org/a", "https://stays.org/?from=gone.org")
    for attempt, url, kind in zip(made.trajectories, urls, ("ok", "blocked", "ok"), strict=True):
        place, turn = next(
            (place, turn)
            for place, turn in enumerate(made.turns)
            if turn.trajectory_id == attempt.trajectory_id and turn.role == "tool"
        )
        made.turns[place] = turn.model_copy(update={"url": url, "kind": kind})
    write_records(Lake(tmp_path / "lake"), DAY, made)
    reasons = []
    for blocked in ([], ["gone.org"]):
        run_refine(Settings(home=tmp_path, blocklist=blocked), DAY, silent)
        with connect(Lake(tmp_path / "lake")) as con:
            rows = con.execute("select trajectory_id, gates->>'$.blocked_hosts.reason' from decisions").fetchall()
        reasons.append([dict(rows)[attempt.trajectory_id] for attempt in made.trajectories])
    assert reasons == [["ok"] * 3, ["blocked_url", "ok", "ok"]]
