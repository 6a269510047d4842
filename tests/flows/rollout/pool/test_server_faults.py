"""A rollout over a server that aborts, lies about its window, or comes back with other settings: rows stay true."""

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.rollout.engines.open import open_teacher
from flows.rollout.journal.file import sql
from flows.rollout.journal.journal import Journal
from flows.rollout.journal.turn_encoding import encode_turn
from flows.rollout.monitor.run_status import RunStatus, read_status
from flows.rollout.protocol import TeacherError
from flows.rollout.run import Factories, run_rollout
from flows.settings import Settings
from tests.doubles.lakes.wiki_tasks import reading, write_wiki_tasks
from tests.doubles.nights.killed_rollouts import DAY
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import Body, FakeVllm, fake_vllm
from tests.doubles.teachers.scripted import open_tiny_dialect
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

ATTEMPTS = 16


def reply(prompt_ids: list[int], body: Body) -> str:
    """Searches, opens the page, and answers with its title; something else for the probes of the start."""
    prompt = tiny.decode(prompt_ids)
    return reading(prompt, 0) if "What is the title" in prompt else "Yes."


def home(folder: Path, fake: FakeVllm, **teacher: Any) -> Settings:
    chosen = {"engine": "vllm", "urls": [fake.url], "retries": 5} | teacher
    return Settings.model_validate({"home": folder, "teacher": chosen, "rollout": {"max_in_flight": ATTEMPTS}})


def roll_out(settings: Settings) -> RunStatus:
    run_rollout(settings, DAY, silent, Factories(open_teacher, open_tiny_dialect))
    status = read_status(settings.state)
    assert status
    return status


def query(settings: Settings, text: str) -> list[tuple[Any, ...]]:
    with connect(Lake(settings.lake)) as con:
        return con.execute(text).fetchall()


def ends_of_turns(settings: Settings) -> set[tuple[str, bool]]:
    """(finish_reason, True if the last id is the end of a turn) of every sampled turn."""
    turns = query(settings, "select finish_reason, token_ids[-1] from turns where role = 'assistant'")
    return {(reason, last == tiny.IM_END) for reason, last in turns}


@pytest.mark.slow
def test_a_server_that_restarts_under_load_leaves_no_cut_turn(tmp_path: Path) -> None:
    """Nine of thirteen trajectories of such a run ended in mid-sentence, as answered."""
    with fake_vllm(reply=reply, delay_s=0.15) as fake:
        settings, ended = home(tmp_path, fake), threading.Event()
        write_wiki_tasks(Lake(settings.lake), DAY, ATTEMPTS, samples=2)

        def restart() -> None:
            while not ended.wait(0.05):
                if fake.in_flight == ATTEMPTS and len(fake.aborted) < 3 * ATTEMPTS:
                    fake.terminate()
                    fake.restart()

        restarting = threading.Thread(target=restart)
        restarting.start()
        try:
            status = roll_out(settings)
        finally:
            ended.set()
            restarting.join()
        assert len(fake.aborted) >= ATTEMPTS
        # An aborted reply that is lost with its connection reaches no client, so the server may count more.
        assert 0 < status.discarded <= len(fake.aborted) and 0 < status.discarded_tokens <= sum(fake.aborted)
    assert (status.finished, status.aborted, status.pending) == (2 * ATTEMPTS, 0, 0)
    assert ends_of_turns(settings) == {("stop", True)}
    recorded = query(settings, "select discarded, discarded_tokens, context_window, kv_tokens from rollouts")
    assert recorded == [(status.discarded, status.discarded_tokens, 32_768, status.kv_tokens)]


@pytest.mark.slow
def test_a_server_that_aborts_everything_ends_the_run_and_the_next_one_finishes(tmp_path: Path) -> None:
    """The attempts are unfinished: none of them has an answer, and no turn is sampled twice."""
    with fake_vllm(reply=reply) as fake:
        settings = home(tmp_path, fake, retries=0)
        write_wiki_tasks(Lake(settings.lake), DAY, ATTEMPTS, samples=1)
        fake.reply = lambda prompt, body: _then_abort(fake, prompt, body)
        with pytest.raises(TeacherError, match=r"finish_reason abort.*Nothing is lost"):
            roll_out(settings)
        assert query(settings, "select count(*) from trajectories") == [(0,)]
        reasons = [reason for (reason,) in query(settings, "select reason from unfinished")]
        assert len(reasons) == ATTEMPTS and set(reasons) <= {"failed", "aborted_to_retry"}
        begun = len(fake.exchanges)
        fake.reply, fake.always = reply, None
        assert roll_out(settings).finished == ATTEMPTS
        assert len(fake.exchanges) == 3 * ATTEMPTS, f"{begun} turns were sampled in the first run"
    assert query(settings, "select distinct status from trajectories") == [("answered",)]
    assert ends_of_turns(settings) == {("stop", True)}


def _then_abort(fake: FakeVllm, prompt: list[int], body: Body) -> str:
    """The reply; from the sixth on, the server aborts all that follow."""
    fake.always = "abort" if len(fake.exchanges) > 5 else None
    return reply(prompt, body)


@pytest.mark.slow
def test_a_window_smaller_than_its_card_ends_attempts_with_what_they_have(tmp_path: Path) -> None:
    """A refusal for length was a failure: after three starts, the attempt and its turns were lost."""
    with fake_vllm(reply=reply, context=32_768) as fake:
        settings = home(tmp_path, fake)
        write_wiki_tasks(Lake(settings.lake), DAY, ATTEMPTS, samples=1)
        fake.window = 4_000
        status = roll_out(settings)
    assert (status.finished, status.aborted, status.faults) == (ATTEMPTS, 0, {})
    ended = query(settings, "select status, count(*), min(n_turns) from trajectories group by 1")
    assert [(name, n > 0, turns > 0) for name, n, turns in ended] == [("context_cap", True, True)]
    assert query(settings, "select count(*) from trajectories where n_tokens > 32768") == [(0,)]


@pytest.mark.slow
@pytest.mark.parametrize("recorded", [True, False])
def test_a_resumed_attempt_keeps_the_sampling_with_which_it_began(recorded: bool, tmp_path: Path) -> None:
    """Its row would otherwise name the new temperature for turns that the old one sampled."""
    with fake_vllm(reply=reply) as fake:
        settings = home(tmp_path, fake, retries=0, temperature=0.3, top_k=5)
        write_wiki_tasks(Lake(settings.lake), DAY, ATTEMPTS, samples=1)
        fake.reply = lambda prompt, body: _then_abort(fake, prompt, body)
        with pytest.raises(TeacherError):
            roll_out(settings)
        if not recorded:
            _forget_sampling(settings.state / "journal.sqlite")
        fake.reply, fake.always = reply, None
        begun, later = {one.prompt_ids[:200] for one in fake.exchanges}, len(fake.exchanges)
        roll_out(home(tmp_path, fake, temperature=1.2))
        resumed = [one for one in fake.exchanges[later:] if one.prompt_ids[:200] in begun]
    assert begun and resumed
    rows = [json.loads(row) for (row,) in query(settings, "select sampling from trajectories")]
    seen = {(row["temperature"], row["top_k"], row["sources"].get("earlier_turns")) for row in rows}
    if recorded:
        assert {one.body["temperature"] for one in resumed} == {0.3}
        assert seen == {(0.3, 5, None)}
    else:
        assert seen <= {(1.2, 0, "unknown"), (1.2, 0, None)} and (1.2, 0, "unknown") in seen


def _forget_sampling(path: Path) -> None:
    """Rewrite the journal as an earlier version wrote it."""
    with Journal(path) as journal:
        for attempt, *_ in journal.read("attempt_progress"):
            entries = [replace(entry, sampling=None) for entry in journal.entries(attempt)]
            rows = [(sql("add_turn"), (attempt, *encode_turn(entry))) for entry in entries]
            journal.apply([(sql("delete_turns_from"), (attempt, 0)), *rows])
