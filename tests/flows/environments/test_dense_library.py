"""A night with a dense index: composers and agents search the same library, which settings alone describe."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.environments.library import open_library, with_dense_index
from flows.environments.resources import Resources
from flows.environments.tool import ToolCall
from flows.rollout.tools.toolbox import open_toolbox
from flows.settings import Rollout, Settings, SettingsError, load
from flows.settings.environments import DenseSearch
from flows.tasks.compose import run_tasks
from schemas import Task
from tests.doubles.embedding_server import embedding_server
from tests.doubles.sites import small_wiki
from tests.doubles.sites.region_wiki import write_region_wiki
from tests.doubles.worlds import call_all
from tests.flows.tasks.reading import rows
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
NAMES = ("search",)


def settings(home: Path, url: str) -> Settings:
    given: dict[str, Any] = {
        "tasks": {"per_night": 3, "composers": ["set_count", "set_list"], "probes": ["oracle"]},
        "environments": {"dense": {"engine": "server", "url": url, "model": "m"}},
    }
    return Settings(home=home, **given)


@pytest.mark.slow
def test_a_night_composes_with_the_dense_index_and_builds_it_once(tmp_path: Path) -> None:
    """Questions must be reachable with the search that the agent has, not with another one."""
    write_region_wiki(Lake(tmp_path / "lake"), DAY, 100)
    with embedding_server() as server:
        chosen = settings(tmp_path, server.url)
        counts = run_tasks(chosen, DAY, silent, lambda *_: pytest.fail("no teacher is needed"))
        passages = [text for text in server.texts if "\n" in text]
        assert counts["composed"] == len(rows(tmp_path, Task)) == 3
        assert len(passages) == len(set(passages)) > 100
        assert len(server.texts) > len(passages), "the searches of composers were embedded, too"
        server.texts.clear()
        run_tasks(chosen, date(2026, 1, 3), silent, lambda *_: pytest.fail("no teacher is needed"))
        assert [text for text in server.texts if "\n" in text] == [], "an unchanged library is not embedded again"


@pytest.mark.slow
async def test_tools_in_worker_processes_search_by_meaning(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    small_wiki.write_small_wiki(lake, DAY)
    call = ToolCall("c1", "search", {"query": "vehicle"})
    with embedding_server() as server:
        chosen = DenseSearch.model_validate({"engine": "server", "url": server.url, "model": "m"})
        with connect(lake) as con:
            library = open_library(con, tmp_path / "state", lambda note: None)
        plain = Resources(library)
        dense = with_dense_index(plain, chosen, tmp_path / "state", lambda note: None)
        kinds = []
        for resources in (plain, dense):
            with open_toolbox(resources, Rollout(tool_workers=1), tmp_path / "worlds") as box:
                (seen,) = await call_all(box, "search", [call], NAMES)
                assert not box.faults
                kinds.append(seen.kind)
        assert kinds == ["empty", "ok"], "the word stands on no page, so only the vectors find one"
    assert with_dense_index(plain, DenseSearch(), tmp_path / "state", lambda note: None) is plain


@pytest.mark.parametrize("given", ['engine = "server"', 'url = "http://127.0.0.1:9/v1"', 'engine = "other"'])
def test_a_half_described_index_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "factory.toml").write_text(f"[environments.dense]\n{given}\n")
    with pytest.raises(SettingsError, match=r"environments\.dense"):
        load()
