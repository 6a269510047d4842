"""What can be wrong with the journal's disk is said before a token is spent, or loses nothing when it comes later."""

import asyncio
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from flows.rollout.journal.journal import Journal, JournalBarred, JournalError
from flows.rollout.journal.recovery import open_journal
from flows.rollout.run import Factories, run_rollout
from flows.settings import Settings
from tests.doubles.lakes.wiki_tasks import reading, write_wiki_tasks
from tests.doubles.teachers.scripted import ScriptedTeacher, open_tiny_dialect, opening
from tests.flows.rollout.journal.test_journal import entry, fill
from warehouse.console.progress import silent
from warehouse.lake import Lake

NOBODY = 65534


def on_disk(megabytes: int, what: str, folder: Path) -> str:
    """What small_disk prints on a file system of its own."""
    unshare = shutil.which("unshare")
    inside = [unshare or "", "-rm", "sh", "-c", f'mount -t tmpfs -o size={megabytes}m none {folder} && exec "$@"', "sh"]
    if not unshare or subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here (unshare -rm)")
    program = [*inside, sys.executable, "-m", "tests.flows.rollout.journal.small_disk", what, str(folder)]
    return subprocess.run(program, stdout=subprocess.PIPE, text=True, check=True).stdout


def test_a_disk_with_little_room_is_refused_with_what_it_has_and_what_it_needs(tmp_path: Path) -> None:
    """A night that stops at two in the morning for want of a few megabytes has idled its GPUs till six."""
    assert on_disk(50, "starts", tmp_path).startswith(f"JournalFull {tmp_path}/state has 50 MB free")


def test_a_read_only_disk_is_named_before_a_token_is_spent(tmp_path: Path) -> None:
    """Such as a volume that the kernel remounted after an error."""
    said = on_disk(120, "turns_read_only", tmp_path)
    assert said.startswith("JournalBarred")
    assert "Read-only file system" in said


@pytest.mark.slow
def test_a_disk_that_fills_up_ends_the_run_and_loses_nothing(tmp_path: Path) -> None:
    """What was committed is paid for: the next run goes on from there."""
    said = on_disk(120, "fills_up", tmp_path).splitlines()
    assert said[0].startswith("JournalFull")
    assert "Free space, then run again" in said[0]
    assert said[1:] == [
        "True stopped early", "0 pending", "True all sampled", "True only those in flight again", "0 left",
    ]  # fmt: skip


def limited(path: Path, acknowledged: "multiprocessing.Queue[int]") -> None:
    with Journal(path) as journal:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))

        async def work() -> None:
            for place in range(1_000):
                await journal.commit([entry("a", place, 400)])
                acknowledged.put(place)

        try:
            asyncio.run(work())
        except JournalError:
            acknowledged.put(-1)


def test_a_write_that_the_system_refuses_takes_no_committed_turn_with_it(tmp_path: Path) -> None:
    """Quotas and limits refuse a write in the middle of a log; needs no right to mount."""
    path, queue = tmp_path / "j.sqlite", multiprocessing.get_context("fork").Queue()
    with open_journal(path, Lake(tmp_path / "lake"))[0] as journal:
        asyncio.run(fill(journal, ["b"], finish=False))
    process = multiprocessing.get_context("fork").Process(target=limited, args=(path, queue))
    process.start()
    said = list(iter(lambda: queue.get(timeout=30), -1))
    process.join()
    journal, saved = open_journal(path, Lake(tmp_path / "lake"))
    with journal:
        kept = journal.entries("a")
        assert kept == [entry("a", place, 400) for place in range(len(kept))]
        assert len(kept) >= len(said) > 0
        assert saved is None
        asyncio.run(journal.commit([entry("a", len(kept), 400)]))


@pytest.fixture
def foreign() -> Iterator[Path]:
    """A folder that anyone may read, and only its owner may write."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def opened_by_another(path: Path, said: "multiprocessing.Queue[str]") -> None:
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
    try:
        open_journal(path, Lake(path.parent / "lake"))
        said.put("opened")
    except JournalBarred as error:
        said.put(str(error))


def test_a_folder_of_another_user_is_named(foreign: Path) -> None:
    context = multiprocessing.get_context("fork")
    said: multiprocessing.Queue[str] = context.Queue()
    process = context.Process(target=opened_by_another, args=(foreign / "j.sqlite", said))
    process.start()
    assert "Is the disk read-only, or the folder another's?" in said.get(timeout=30)
    process.join()


def test_a_journal_that_cannot_be_written_costs_no_token(tmp_path: Path) -> None:
    """The teacher is not even started."""
    home, teacher = Settings(home=tmp_path), ScriptedTeacher(reading)
    write_wiki_tasks(Lake(home.lake), date(2026, 1, 2), 1)
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(JournalBarred, match="state"):
        run_rollout(home, date(2026, 1, 2), silent, Factories(opening(teacher), open_tiny_dialect))
    assert not teacher.exchanges
