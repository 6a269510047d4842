"""Disk errors of the journal: they are reported before any token is spent, and a later one loses no committed turn."""

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

from flows.rollout.journal.file import JournalError, JournalNotWritable
from flows.rollout.journal.journal import Journal
from flows.rollout.journal.recovery import open_journal
from flows.rollout.run import Factories, run_rollout
from flows.settings import Settings
from tests.doubles.lakes.wiki_tasks import reading, write_wiki_tasks
from tests.doubles.teachers.scripted import ScriptedTeacher, open_tiny_dialect, opening
from tests.flows.rollout.journal.test_journal import entry, fill
from warehouse.console.progress import silent
from warehouse.lake import Lake

UNPRIVILEGED_USER = 65534


def output_on_disk(megabytes: int, case: str, folder: Path) -> str:
    """Run a case of small_disk on a new file system of this size; return its output."""
    unshare = shutil.which("unshare")
    inside = [unshare or "", "-rm", "sh", "-c", f'mount -t tmpfs -o size={megabytes}m none {folder} && exec "$@"', "sh"]
    if not unshare or subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no permission to mount a file system (unshare -rm)")
    program = [*inside, sys.executable, "-m", "tests.flows.rollout.journal.small_disk", case, str(folder)]
    return subprocess.run(program, stdout=subprocess.PIPE, text=True, check=True).stdout


def test_a_disk_with_too_little_space_is_refused_with_its_free_space(tmp_path: Path) -> None:
    """A run that stops at night for want of a few megabytes leaves its GPUs idle until the morning."""
    assert output_on_disk(50, "opens", tmp_path).startswith(f"JournalFull {tmp_path}/state has 50 MB free")


def test_a_read_only_disk_is_named_before_a_token_is_spent(tmp_path: Path) -> None:
    """Linux remounts a volume read-only after a disk error."""
    output = output_on_disk(120, "becomes_read_only", tmp_path)
    assert output.startswith("JournalNotWritable")
    assert "Read-only file system" in output


@pytest.mark.slow
def test_a_disk_that_fills_up_ends_the_run_and_loses_nothing(tmp_path: Path) -> None:
    """Committed turns have cost tokens: the next run resumes after them."""
    output = output_on_disk(120, "fills_up", tmp_path).splitlines()
    assert output[0].startswith("JournalFull")
    assert "Free space, then run again" in output[0]
    assert output[1:] == [
        "True stopped early", "0 pending", "True all sampled", "True only turns in flight sampled again", "0 left",
    ]  # fmt: skip


def commit_until_limit(path: Path, acknowledged: "multiprocessing.Queue[int]") -> None:
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


def test_a_refused_write_loses_no_committed_turn(tmp_path: Path) -> None:
    """Quotas and limits refuse a write in the middle of the log. A limit needs no mount permission."""
    path, queue = tmp_path / "j.sqlite", multiprocessing.get_context("fork").Queue()
    with open_journal(path, Lake(tmp_path / "lake"))[0] as journal:
        asyncio.run(fill(journal, ["b"], finish=False))
    process = multiprocessing.get_context("fork").Process(target=commit_until_limit, args=(path, queue))
    process.start()
    reported = list(iter(lambda: queue.get(timeout=30), -1))
    process.join()
    journal, recovered = open_journal(path, Lake(tmp_path / "lake"))
    with journal:
        kept = journal.entries("a")
        assert kept == [entry("a", place, 400) for place in range(len(kept))]
        assert len(kept) >= len(reported) > 0
        assert recovered is None
        asyncio.run(journal.commit([entry("a", len(kept), 400)]))


@pytest.fixture
def foreign_folder() -> Iterator[Path]:
    """A folder that every user can read and only its owner could write."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def open_as_other_user(path: Path, outcome: "multiprocessing.Queue[str]") -> None:
    if os.geteuid() == 0:
        os.seteuid(UNPRIVILEGED_USER)
    try:
        open_journal(path, Lake(path.parent / "lake"))
        outcome.put("opened")
    except JournalNotWritable as error:
        outcome.put(str(error))


def test_a_folder_of_another_user_is_named(foreign_folder: Path) -> None:
    context = multiprocessing.get_context("fork")
    outcome: multiprocessing.Queue[str] = context.Queue()
    process = context.Process(target=open_as_other_user, args=(foreign_folder / "j.sqlite", outcome))
    process.start()
    assert "the folder belongs to another user" in outcome.get(timeout=30)
    process.join()


def test_a_journal_that_cannot_be_written_costs_no_token(tmp_path: Path) -> None:
    """The check runs before the teacher starts."""
    home, teacher = Settings(home=tmp_path), ScriptedTeacher(reading)
    write_wiki_tasks(Lake(home.lake), date(2026, 1, 2), 1)
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(JournalNotWritable, match="state"):
        run_rollout(home, date(2026, 1, 2), silent, Factories(opening(teacher), open_tiny_dialect))
    assert not teacher.exchanges
