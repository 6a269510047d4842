"""Licenses of pages decide which trajectories are released, and the card lists them with those to be named."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flows.publish.build.licenses import create_license_refusals
from flows.publish.release import run_publish
from flows.publish.views.dpo_and_rl import write_rl_tasks
from flows.settings.publish import Licenses
from schemas import Document
from tests.doubles.lakes.small_lake import Kind, SmallLake, make_small_lake, write_decisions, write_records
from tests.flows.publish.test_publish import DAY, settings_of
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

NO_FAULTS: Mapping[tuple[int, int], Kind] = {}


def licensed_lake(
    lake: Lake, licenses: dict[int, str | None], kinds: Mapping[tuple[int, int], Kind] = NO_FAULTS
) -> SmallLake:
    """A lake of kept trajectories whose pages have these licenses by the number of the task, else CC-BY-4.0."""
    made = make_small_lake(DAY, n_tasks=4, kinds=kinds)
    urls = {hop.url: licenses[n] for n, task in enumerate(made.tasks) if n in licenses for hop in task.path}

    def relicensed(page: Document) -> Document:
        author = {"attribution": "Ada | Keeper"}
        return page.model_copy(update=author | ({"license": urls[page.url]} if page.url in urls else {}))

    made.documents[:] = [relicensed(page) for page in made.documents]
    write_records(lake, DAY, made)
    write_decisions(lake, DAY, made, {})
    return made


def released(settings: Any) -> set[str]:
    with connect(Lake(settings.lake)) as con:
        return {row[0] for row in con.execute("select task_id from published").fetchall()}


@pytest.mark.slow
def test_rows_of_refused_licenses_stay_out_and_are_counted(tmp_path: Path) -> None:
    """A row under a license that forbids its use taints the release; one that vanishes without a count looks lost."""
    rule = {"refuse": ["*-nc-*"], "unlicensed": "refuse"}
    settings = settings_of(tmp_path, licenses=rule)
    licenses = {0: "CC-BY-NC-SA-4.0 AND MIT", 1: None, 2: "CC0-1.0"}
    made = licensed_lake(Lake(settings.lake), licenses)
    result = run_publish(settings, DAY, silent)
    kept = {task.task_id for task in made.tasks[2:]}
    assert released(settings) == kept
    assert (result["license:CC-BY-NC-SA-4.0"], result["license:none"]) == (2, 2)
    card = (tmp_path / "release" / "latest" / "README.md").read_text("utf-8")
    assert "| rejected | license:none | 2 |" in card and "| CC0-1.0 |" in card and "NC-SA-4.0 | " in card
    assert "Ada \\| Keeper" in card


def test_an_allow_list_admits_by_pattern(tmp_path: Path) -> None:
    """A team that may publish two licenses names these two, and new ones stay out."""
    lake = Lake(tmp_path)
    licensed_lake(lake, {0: "CC-BY-SA-4.0", 1: "GPL-3.0-only", 2: None, 3: "CC0-1.0"})
    with connect(lake) as con:
        assert create_license_refusals(con, Licenses()) == {}
        assert create_license_refusals(con, Licenses(allow=["cc-by-*", "CC0-1.0"])) == {"license:GPL-3.0-only": 2}
        assert sum(create_license_refusals(con, Licenses(allow=[])).values()) == 6
        found = con.execute("select distinct license from trajectory_licenses order by 1").fetchall()
        assert [row[0] for row in found] == ["CC-BY-SA-4.0", "CC0-1.0", "GPL-3.0-only", None]


def test_nothing_is_published_if_all_licenses_are_refused(tmp_path: Path) -> None:
    """The note must name the setting, or the user would look for the fault in the refine."""
    settings = settings_of(tmp_path, licenses={"allow": ["MIT"]})
    licensed_lake(Lake(settings.lake), {})
    result = run_publish(settings, DAY, silent)
    assert result["rows"] == 0 and "publish.licenses refuses all" in str(result["note"])


def test_exports_from_the_lake_leave_the_same_rows_out(tmp_path: Path) -> None:
    """RL tasks and pairs are read from the lake: a rule that only a release obeys would be passed by."""
    lake = Lake(tmp_path)
    licensed_lake(lake, {}, {(0, 1): "wrong"})
    with connect(lake) as con:
        assert write_rl_tasks(con, tmp_path / "a.parquet") == 1
        assert write_rl_tasks(con, tmp_path / "b.parquet", Licenses(refuse=["CC-BY-4.0"])) == 0
