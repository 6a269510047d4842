"""Domain quotas: each domain gets its share of the night, a dry one leaves its part, a killed night ends the same."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice, repeat
from pathlib import Path
from typing import Any

import pytest

from flows.domains.finding import use_folders
from flows.settings import Settings, SettingsError, Tasks
from flows.tasks.apportion import Source, apportion, portions, turns
from flows.tasks.compose import run_tasks
from flows.tasks.composers import quotas, shares_of
from schemas import Hidden, Refusal, Task
from tests.doubles.sites.small_wiki import write_small_wiki
from tests.flows.domains.guide_domain import write_guide_domain
from tests.flows.tasks.reading import rows
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake
from warehouse.query import run_checks

DAY = date(2026, 1, 2)


@contextmanager
def no_teacher(*_: object) -> Iterator[Any]:
    raise AssertionError("no composer here needs a teacher")
    yield


@pytest.fixture(autouse=True)
def dials(tmp_path: Path) -> Iterator[None]:
    use_folders([write_guide_domain(tmp_path / "mine")])
    yield
    use_folders([])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_small_wiki(Lake(tmp_path / "lake"), DAY)
    return tmp_path


def settings(home: Path, **tasks: Any) -> Settings:
    return Settings(home=home, tasks=Tasks(**({"per_night": 12, "min_page_chars": 300} | tasks)))


def compose(chosen: Settings) -> dict[str, int | str]:
    return run_tasks(chosen, DAY, silent, no_teacher)


def composed(home: Path) -> Counter[str]:
    return Counter(row["domain"] for row in rows(home, Task))


def test_each_domain_gets_its_share(home: Path) -> None:
    compose(settings(home, share={"search": 1, "dials": 3}))
    assert composed(home) == {"search": 3, "dials": 9}
    licenses = {row["domain"]: row["licenses"] for row in rows(home, Task)}
    assert licenses == {"search": ["CC0-1.0"], "dials": None}, "a release could not say what its sources allow"


def test_a_domain_without_candidates_leaves_its_part_to_the_others_and_is_counted(tmp_path: Path) -> None:
    counts = compose(settings(tmp_path, share={"search": 1, "dials": 2}))
    assert composed(tmp_path) == {"dials": 12}
    assert counts["short:search"] == 4 and "short:dials" not in counts


@pytest.mark.slow
@pytest.mark.parametrize("lost", [1, 2])
def test_an_interrupted_night_of_two_domains_is_completed_with_the_same_tasks(home: Path, lost: int) -> None:
    chosen = settings(home, share={"search": 1, "dials": 2}, per_night=20)
    compose(chosen)
    whole = sorted(row["task_id"] for row in rows(home, Task))
    for part in Lake(home / "lake").parts(Task)[-lost:]:
        part.unlink()
    compose(chosen)
    assert sorted(row["task_id"] for row in rows(home, Task)) == whole


def test_a_task_is_never_in_the_lake_without_its_hidden_truth(home: Path) -> None:
    """A kill between the two parts leaves hidden rows alone; the next run writes their tasks, and nothing twice."""
    chosen = settings(home, share={"dials": 1})
    compose(chosen)
    lake = Lake(home / "lake")
    assert [part.name for part in lake.parts(Hidden)] == [part.name for part in lake.parts(Task)]
    lake.parts(Task)[-1].unlink()
    compose(chosen)
    with connect(lake) as con:
        assert con.sql("select count(*), count(distinct task_id) from hidden").fetchall() == [(12, 12)]
        assert con.sql("select count(*) from tasks join hidden using (task_id)").fetchall() == [(12,)]
        assert run_checks(con)["task_without_truth"] == 0
        for part in lake.parts(Hidden):
            part.unlink()
    with connect(lake) as con:
        assert run_checks(con)["task_without_truth"] == 12


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"share": {"serch": 1}}, r"tasks\.share = \['serch'\]: no such domain\. There are: dials, "),
        ({"composers": ["poem"]}, r"tasks\.composers = \['poem'\]: no such composer"),
        ({"share": {"dials": 1}, "composers": ["cloze"]}, r"their domain search has no share"),
    ],
)
def test_wrong_names_are_refused_before_any_work(tmp_path: Path, chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        quotas(settings(tmp_path, **chosen))


def test_composers_of_a_domain_share_its_quota(tmp_path: Path) -> None:
    """Named ones only; a domain of which none is named uses all."""
    chosen = quotas(settings(tmp_path, share={"search": 1, "dials": 1}, composers=["written"]))
    names = [(quota.domain.name, quota.share, [one.name for one in quota.composers]) for quota in chosen]
    assert names == [("search", 0.5, ["written"]), ("dials", 0.5, ["panels"])]


def test_cloze_makes_its_share_beside_the_other_composers_of_its_domain(tmp_path: Path) -> None:
    """A night of shares would otherwise be half cloze, which a full-text search answers."""
    (alone,) = quotas(settings(tmp_path))
    assert [one.name for one in alone.composers] == ["cloze"], "a night without settings, whose teacher is tiny"
    chosen = settings(tmp_path, share={"search": 1})
    (whole,) = quotas(chosen)
    shares = shares_of(whole, chosen.tasks)
    assert shares["cloze"] == 0.05 and sum(shares.values()) == pytest.approx(1) and shares["chain"] > 0.1
    assert "written" not in shares, "without a composer that asks the teacher"
    assert turns([("cloze", 0.05), ("written", 0.2)]).count("cloze") == 20
    (named,) = quotas(settings(tmp_path, composers=["cloze", "written"]))
    assert shares_of(named, settings(tmp_path).tasks) == {"cloze": 1, "written": 1}, "named ones take turns"


@pytest.mark.parametrize("share", [{"dials": -1}, {"dials": 0}, {"dials": float("inf")}])
def test_shares_are_weights(share: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="share"):
        Tasks(share=share)


def test_portions_are_the_shares_rounded_to_whole_tasks() -> None:
    shares = {"a": 0.25, "b": 0.3, "c": 0.1, "d": 0.12, "e": 0.06, "f": 0.12, "g": 0.05}
    for n in (1, 10, 40, 1_000):
        found = portions(shares, n)
        assert sum(found.values()) == n
        assert all(abs(found[name] - share * n) <= 1 for name, share in shares.items())


def test_a_merge_that_goes_on_makes_what_an_uninterrupted_one_makes() -> None:
    def picks(made: Counter[str], n: int) -> list[str]:
        shares = {"a": 5.0, "b": 2.0, "c": 1.0}
        return list(islice(apportion([Source(repeat(name), shares[name], made[name]) for name in shares]), n))

    whole = picks(Counter(), 40)
    for cut in range(40):
        assert whole[:cut] + picks(Counter(whole[:cut]), 40 - cut) == whole


@pytest.mark.slow
def test_a_night_has_the_same_tasks_on_any_number_of_processes(tmp_path: Path) -> None:
    """Tasks that depend on the number of cores could not be made again elsewhere."""
    nights = []
    for processes in (0, 2):
        home = tmp_path / str(processes)
        chosen = settings(home, per_night=7, share={"general_agentic": 1}, composers=["batch_under_policy"], seed=5)
        counts = run_tasks(chosen, DAY, silent, no_teacher, processes)
        nights.append((counts, rows(home, Task), rows(home, Hidden), rows(home, Refusal)))
    assert nights[0] == nights[1] and nights[0][0]["refused"]


def test_no_more_drafts_are_made_at_once_than_tasks_are_wanted(tmp_path: Path) -> None:
    """Each engineering task takes a quarter of a minute of sandboxes; a small night would make twice what it needs."""
    composer, made = write_guide_domain(tmp_path / "mine") / "composer.py", tmp_path / "made.txt"
    text = composer.read_text().replace("import Composer", "import Composer, Overlap")
    text = text.replace("    setup = json", f'    open({str(made)!r}, "a").write("draft\\n")\n    setup = json', 1)
    composer.write_text(
        text.replace('seeded("panels"), compose)', 'seeded("panels"), compose, overlap=Overlap.THREADS)')
    )
    use_folders([composer.parent])
    counts = run_tasks(settings(tmp_path, per_night=2, share={"dials": 1}), DAY, silent, no_teacher, 4)
    assert counts["composed"] == 2
    assert len(made.read_text().splitlines()) == counts["candidates"]


def test_a_target_of_a_domain_that_takes_none_is_refused() -> None:
    """A misspelled domain would leave the lengths as they are without a word."""
    with pytest.raises(SettingsError, match=r"tasks.target = \['dials'\]: no such .*There are: .*search"):
        quotas(Settings(tasks=Tasks.model_validate({"share": {"dials": 1}, "target": {"dials": {"calls": 5}}})))
