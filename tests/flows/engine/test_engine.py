"""Shares of work: their results come in order, few are begun ahead, and a wrong machine is refused."""

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from flows.engine.check import read_mark
from flows.engine.engine import AHEAD, Engine, EngineError
from flows.engine.open import opened_engine
from flows.engine.place import Place, call_at, this_place
from flows.settings import Engine as EngineSettings
from flows.settings import Settings
from flows.settings.file import commented_file


def test_results_have_the_order_of_the_shares() -> None:
    """Rows of a release in the order in which workers end would have other bytes in each run."""
    first_waits = Barrier(2)

    def work(number: int) -> int:
        if number < 2:
            first_waits.wait(10)
        return number * number

    with ThreadPoolExecutor(2) as threads:
        assert list(Engine(threads, 2).spread(work, range(5))) == [0, 1, 4, 9, 16]


def test_few_shares_are_begun_ahead() -> None:
    """All shares begun at once would fill the disk long before they are read."""
    taken = []

    def shares() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    with ThreadPoolExecutor(2) as threads:
        results = Engine(threads, 2).spread(abs, shares())
        assert next(results) == 0
        assert len(taken) <= AHEAD * 2
        assert list(results) == list(range(1, 100))


def test_the_error_of_a_share_is_raised() -> None:
    """A share that fails may not be missing from the results in silence."""
    with ThreadPoolExecutor(2) as threads, pytest.raises(ZeroDivisionError):
        list(Engine(threads, 2).spread(lambda number: 1 // number, [1, 0, 1]))


def test_processes_of_this_machine_do_the_work() -> None:
    """The same call as on a cluster must work without one."""
    with opened_engine(Settings(), 2) as engine:
        assert list(engine.spread(abs, [-1, -2, -3])) == [1, 2, 3]


def test_a_call_of_a_worker_runs_in_the_folder_of_the_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative paths of factory.toml would name other files on each machine."""
    monkeypatch.chdir(tmp_path)
    here = this_place(())
    monkeypatch.chdir("/")
    assert answer(here, Path.cwd) == (True, tmp_path)


def test_a_machine_without_the_folder_is_named(tmp_path: Path) -> None:
    """A cluster whose home is not mounted everywhere must not work on an empty home."""
    succeeded, error = answer(replace(this_place(()), folder=str(tmp_path / "gone")), Path.cwd)
    assert not succeeded
    assert isinstance(error, EngineError)
    assert "mount it there" in str(error)


def test_a_machine_without_a_folder_of_sources_is_named(tmp_path: Path) -> None:
    """Its PDFs would all be read by the machine of the night, while the cluster waits."""
    (tmp_path / "mark").write_bytes(b"mark")
    with pytest.raises(EngineError, match=r"has no folder .*papers: mount it at the same path"):
        read_mark(tmp_path / "mark", b"mark", tmp_path, [tmp_path / "papers"], 0)


def test_a_machine_with_other_code_is_refused() -> None:
    """Workers of two versions would write files of two versions into one release."""
    succeeded, error = answer(replace(this_place(()), code="another"), Path.cwd)
    assert not succeeded
    assert "another version of the factory" in str(error)


def test_an_error_keeps_its_place_on_the_worker() -> None:
    """Without the traceback of the worker, a fault there can only be found by chance."""
    succeeded, error = answer(this_place(()), divmod, 1, 0)
    assert not succeeded
    assert isinstance(error, ZeroDivisionError)
    assert "place.py" in error.__notes__[0]


@pytest.mark.slow
@pytest.mark.xdist_group("ray")  # a cluster of another test would be found
def test_a_missing_cluster_is_an_error_that_names_the_setting(tmp_path: Path) -> None:
    """A night with a mistyped address must end with the address, not with a traceback of gRPC."""
    settings = Settings(home=tmp_path, engine=EngineSettings(kind="ray", address="auto"))
    with (
        pytest.raises(EngineError, match=r"engine.address = auto: no Ray cluster can be reached"),
        opened_engine(settings),
    ):
        pass


@pytest.mark.parametrize("address", ["", "ray://host:10001", "host", "host:port", "http://host:6379", "a b:1"])
def test_an_address_that_is_no_head_is_refused(address: str) -> None:
    """The address of Ray's client or dashboard would fail in the middle of a night."""
    with pytest.raises(ValueError, match="address"):
        EngineSettings(kind="ray", address=address)


@pytest.mark.parametrize("address", ["auto", "127.0.0.1:6379", "head.example.org:6379", "[::1]:6379"])
def test_addresses_of_a_head_are_accepted(address: str) -> None:
    assert EngineSettings(kind="ray", address=address).address == address


def test_the_settings_file_lists_the_engine() -> None:
    """A setting that `factory init` leaves out is never found."""
    assert "[engine]" in commented_file()


def answer(place: Place, function: object, *arguments: object) -> tuple[bool, object]:
    succeeded, value = pickle.loads(call_at(place, pickle.dumps((function, arguments, {}))))
    return bool(succeeded), value
