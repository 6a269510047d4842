"""Damaged files: every command names them, the check finds them, a repair sets them aside, and every count adds up.

`DAMAGES=300 pytest tests/test_damage.py` tries that many random damages instead of a few.
"""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from flows.cli import app
from flows.commands.exit import OURS
from flows.publish.release import run_publish
from flows.refine.decide import run_refine
from flows.rollout.journal.recovery import open_journal
from flows.settings import Settings, load
from schemas import RECORDS, Decision, Document, Task, Trajectory, Turn, Verdict
from tests.doubles.damages import DAMAGES, copy, flip_bits, leave_a_temporary_file, remove, rename, swap, truncate
from tests.doubles.lakes.worked_home import NIGHTS, make_worked_home
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake, LakeDamaged
from warehouse.part_checksums import FOLDER
from warehouse.query import run_checks

AT_ONCE = 3
HOMES = int(os.environ.get("DAMAGES", "12")) // AT_ONCE
HARMLESS = (copy, remove, rename)
LATER = date(2026, 1, 3)
COMMANDS = (
    ("sql", "select count(*), sum(n_tokens) from turns"),
    ("sql", "select * from documents"),
    ("status",),
    ("stats",),
    ("lineage", "--url", "http://127.0.0.1/0/0/from.html"),
    ("export", "--view", "trl", "--out", "out"),
    ("publish", "verify", "release"),
    ("pull", "release", "pulled"),
)


def factory(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("worked")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        make_worked_home(load())
    return home


@pytest.fixture
def home(worked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the worked home, which is the working directory."""
    place = tmp_path / "home"
    shutil.copytree(worked, place, symlinks=True)
    monkeypatch.chdir(place)
    yield place


def part_of(model: type, night: date = NIGHTS[0]) -> Path:
    (found,) = Lake(Path("lake").absolute()).parts(model, night)
    return found


def violations() -> dict[str, int]:
    with connect(Lake(load().lake)) as con:
        return {name: rows for name, rows in run_checks(con).items() if rows}


def funnel() -> dict[tuple[str, str], int]:
    with connect(Lake(load().lake)) as con:
        rows = con.execute("select fate, reason, count(*) from fates group by all").fetchall()
    return {(fate, reason): attempts for fate, reason, attempts in rows}


@pytest.mark.slow
def test_every_command_names_a_truncated_part_and_the_next_step(home: Path) -> None:
    """A traceback at six in the morning hides the one file of thousands to look at."""
    part = part_of(Turn)
    part.write_bytes(part.read_bytes()[:-100])
    for words in (("sql", "select count(*) from turns"), ("stats",), ("status",), ("checks",)):
        refused = factory(*words)
        assert refused.exit_code == 1
        (line,) = refused.stderr.splitlines()
        assert str(part.relative_to(home)) in line and "footer is missing" in line and "factory lake repair" in line


@pytest.mark.slow
def test_a_repair_loses_one_nights_attempts_and_every_count_adds_up(home: Path) -> None:
    """Attempts that vanish without a reason would make every rate of the funnel wrong."""
    flip_bits(part_of(Turn), random.Random(1))
    assert factory("lake", "check").exit_code == 1
    repaired = factory("lake", "repair").stdout
    assert "8 attempts are unfinished with the reason `lost`" in repaired
    assert funnel() == {("unfinished", "lost"): 8, ("published", "published"): 8}
    assert violations() == {}
    assert factory("lake", "check").exit_code == 0
    aside = home / "lake" / "damaged"
    assert {path.parts[-3] for path in aside.rglob("*.parquet")} == {"turn", "verdict", "trajectory"}
    with connect(Lake(load().lake)) as con:
        planned = con.execute("select count(*) from attempts anti join trajectories using (trajectory_id)").fetchall()
    assert planned == [(8,)], "the next rollout makes them again"


@pytest.mark.slow
def test_lost_verdicts_are_judged_again_and_no_attempt_is_lost(home: Path) -> None:
    """Verdicts cost no tokens: their loss must not cost the attempts."""
    with connect(Lake(load().lake)) as con:
        before = con.execute("from verdicts order by all").fetchall()
    truncate(part_of(Verdict), random.Random(2))
    assert "verdicts were made again" in factory("lake", "repair").stdout
    with connect(Lake(load().lake)) as con:
        after = con.execute("select count(*) from verdicts").fetchall()
    assert after[0][0] > len(before) / 2
    assert funnel() == {("published", "published"): 16}


@pytest.mark.slow
def test_trajectories_of_a_lost_task_stay_and_count(home: Path) -> None:
    """Paid attempts are worth more than the task row that planned them."""
    remove(part_of(Task), random.Random(3))
    assert "8 trajectories are kept without their task" in factory("lake", "repair").stdout
    assert violations() == {}
    assert funnel() == {("published", "published"): 16}


@pytest.mark.slow
def test_a_lost_refine_is_made_again(home: Path) -> None:
    truncate(part_of(Decision, NIGHTS[1]), random.Random(4))
    factory("lake", "repair")
    assert violations() == {}
    run_refine(load(), LATER, silent)
    assert funnel() == {("published", "published"): 16}


@pytest.mark.slow
def test_a_part_under_a_wrong_name_gets_its_own_back(home: Path) -> None:
    """Nothing is lost when a file was only renamed, or two were swapped."""
    before = funnel()
    rename(part_of(Turn), random.Random(5))
    swap(part_of(Document), random.Random(6))
    assert "misnamed" in factory("lake", "check").stdout
    assert "restored" in factory("lake", "repair").stdout
    assert factory("lake", "check").exit_code == 0
    assert funnel() == before


@pytest.mark.slow
def test_a_copied_part_is_named_by_the_steps_that_its_rows_mislead(home: Path) -> None:
    """Rows that count twice otherwise end as a fault of a gate's SQL, or as a traceback of Arrow."""
    part = next(Path("lake/trajectory").glob(f"date={NIGHTS[0]}/*.parquet"))
    shutil.copy(part, part.with_name(part.name.replace("-000000", "-000077")))
    for name in ("refine", "publish"):
        with pytest.raises(LakeDamaged, match=f"-000077.parquet cannot be read: it is a copy of {part.name}"):
            steps(load())[name]()
    assert factory("lake", "repair").exit_code == 0
    assert list(outcomes()) == []
    assert not violations()


@pytest.mark.slow
def test_a_lake_without_checksums_is_checked_by_its_pages(home: Path) -> None:
    """Lakes of earlier factories have no recorded sums; each page's own sum still shows a flipped bit."""
    shutil.rmtree(home / "lake" / FOLDER)
    sound = factory("lake", "check")
    assert sound.exit_code == 0 and "have no recorded checksum" in sound.stdout
    part = part_of(Turn)
    pages = pq.read_metadata(part).row_group(0).column(4)
    content = bytearray(part.read_bytes())
    content[pages.data_page_offset + pages.total_compressed_size // 2] ^= 1
    part.write_bytes(content)
    assert str(part.relative_to(home)) in factory("lake", "check").stdout


@pytest.mark.slow
def test_abandoned_temporary_files_are_no_damage_and_are_set_aside(home: Path) -> None:
    leave_a_temporary_file(part_of(Turn), random.Random(7))
    assert factory("lake", "check").exit_code == 0
    factory("lake", "repair")
    assert list((home / "lake" / "turn").rglob("*.tmp")) == []


def test_a_repaired_part_leaves_its_name_unused(home: Path) -> None:
    """A new part under an old name would replace another part, or pass for the lost one."""
    truncate(part_of(Decision), random.Random(8))
    factory("lake", "repair")
    lake = Lake(load().lake)
    assert lake.next_part(NIGHTS[0], "refine", Decision).seq == 1


def test_a_connection_names_damage_in_its_block(home: Path) -> None:
    """Programs that use the lake get the same error as commands."""
    part = part_of(Trajectory)
    part.write_bytes(b"")
    with pytest.raises(LakeDamaged, match="is empty"):
        connect(Lake(load().lake))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("state/frontier.sqlite", "frontier"),
        ("state/journal.sqlite", "journal"),
        ("state/rollout.json", "status"),
        ("state/progress/rollout.json", "progress"),
        ("warehouse.duckdb", "views"),
        ("lake/schema_version.json", "version"),
        ("release/latest.json", "release"),
    ],
)
def test_each_file_beside_the_lake_is_found_and_made_again(home: Path, file: str, code: str) -> None:
    (home / file).write_bytes(b"\xff\xfe damaged")
    checked = factory("lake", "check")
    assert checked.exit_code == 1 and code in checked.stdout and file in checked.stdout
    assert factory("lake", "repair").exit_code == 0
    assert factory("status").exit_code == 0
    run_publish(load(), LATER, silent)
    _open_and_close(load())
    assert factory("lake", "check").exit_code == 0


def steps(settings: Settings) -> dict[str, Callable[[], object]]:
    """The steps of a night that need no teacher and no network."""
    return {
        "refine": lambda: run_refine(settings, LATER, silent),
        "publish": lambda: run_publish(settings, LATER, silent),
        "journal": lambda: _open_and_close(settings),
    }


def _open_and_close(settings: Settings) -> None:
    journal, _ = open_journal(settings.state / "journal.sqlite", Lake(settings.lake))
    with journal:
        pass


def outcomes() -> Iterator[str]:
    """The faults of commands and steps over the home as it is: tracebacks, which name no file."""
    for words in COMMANDS:
        ran = factory(*words)
        if ran.exception and not isinstance(ran.exception, SystemExit):
            yield f"{words}: {ran.exception!r}"
    for name, step in steps(load()).items():
        try:
            step()
        except Exception as error:
            if type(error).__module__.split(".")[0] not in OURS:
                yield f"{name}: {error!r}"


def contents(home: Path) -> dict[str, bytes | None]:
    """The files that readers open; the empty parts are made again at every start."""
    found = [path for path in home.rglob("*") if path.name != "empty.parquet" and "logs" not in path.parts]
    return {str(path.relative_to(home)): path.read_bytes() if path.is_file() else None for path in found}


def damaged(home: Path, files: list[Path], dice: random.Random) -> Iterator[tuple[str, set[str]]]:
    """Damage files at random; yields each damage in words, with the paths whose content it changed.

    Copies of shards are tested elsewhere, nothing reads other copies, and a cache that is gone is made again.
    """
    for file in dice.sample(files, AT_ONCE):
        before, damage = contents(home), dice.choice(DAMAGES)
        if (home / file).is_file() and (home / file).stat().st_size:
            damage(home / file, dice)
            harmless = (damage in HARMLESS and file.parts[0] == "state") or (
                damage is copy and file.parts[0] == "release"
            )
            after = before if harmless else contents(home)
            yield f"{damage.__name__} {file}", {path for path in before | after if before.get(path) != after.get(path)}


def is_named(path: str, printed: str) -> bool:
    """True if a check names the file, its index, its place in a release, or a release without a readable manifest."""
    parts = Path(path).parts
    whole_release = f"{'/'.join(parts[:2])}/manifest.json"
    return any(name in printed for name in (path, "/".join(parts[:-1]), "/".join(parts[-2:]), whole_release))


@pytest.mark.slow
@pytest.mark.timeout(3_000)
def test_no_random_damage_ends_in_a_traceback_or_in_silence(
    worked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Disks and people damage files in countless ways: each must end in a name and a next step."""
    dice = random.Random(int(os.environ.get("DAMAGES_SEED", "16")))
    files = sorted(path.relative_to(worked) for path in worked.rglob("*") if path.is_file() and not path.is_symlink())
    unread = ("run.lock", "README.md", "empty.parquet")
    files = [file for file in files if not {FOLDER, "logs"} & set(file.parts) and file.name not in unread]
    wrong: list[str] = []
    for number in range(HOMES):
        home = tmp_path / str(number)
        shutil.copytree(worked, home, symlinks=True)
        monkeypatch.chdir(home)
        cases = list(damaged(home, files, dice))
        checked = factory("lake", "check")
        for case, changed in cases:
            if changed and not any(is_named(path, checked.stdout) or path.endswith(".tmp") for path in changed):
                wrong.append(f"{number} {case}: silent")
        found = [*outcomes()]
        repaired = factory("lake", "repair")
        if repaired.exit_code:
            found.append(f"repair: {repaired.exception!r} {repaired.stderr}")
        found += [f"after: {one}" for one in (*outcomes(), *violations())]
        left = factory("lake", "check")
        if left.exit_code and not any("release/" in case for case, _ in cases):
            found.append(f"left: {left.stdout}")
        wrong += [f"{number} {[case for case, _ in cases]}: {one}" for one in found]
        shutil.rmtree(home)
    assert not wrong, "\n".join(wrong)


def test_every_record_says_how_it_comes_back() -> None:
    """A repair without the way back leaves its reader to guess."""
    from flows.commands.integrity.check_and_repair import MADE_AGAIN

    assert {model.record for model in RECORDS} == MADE_AGAIN.keys()
