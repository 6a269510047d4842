"""A user that a model plays: each reply is sampled once, recorded, replayed after kills, and judged for its role."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.environments.services.setup import Setup
from flows.rollout.run import Factories, run_rollout
from flows.settings import Rollout, Settings, Teacher
from flows.settings.environments import Environments, User
from schemas import Outcome, Turn, Verdict
from schemas import Rollout as RolloutRow
from tests.doubles.domains import FUSE, event, write_tasks
from tests.doubles.teachers.apis.fake_api import FakeApi, Json, Spoken, fake_api
from tests.doubles.teachers.apis.forms import OpenAiForm
from tests.doubles.teachers.scripted import ScriptedTeacher, call, open_tiny_dialect, opening, spoken
from tests.doubles.teachers.vllm_process import CONTEXT
from tests.flows.tasks.reading import rows
from warehouse.connect import connect, execute, query
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
FACTS = {"flat rate": "Use a flat rate of 250.", "opening hours": "We open at 9:30.", "colour": "Paint it green."}
GOAL = json.dumps({"watched": ["files"], "delta": {}})
CONTEXT.set_forkserver_preload(["pytest", __name__, "tests.flows.rollout.warmed"])


def clerk(prompt: str, seed: int) -> str:
    """Puts one question, then two in a turn, and answers."""
    event()
    if spoken(prompt) == 0:
        return call("ask_user", topic="the flat rate")
    if spoken(prompt) == 1:
        return call("ask_user", topic="opening hours") + call("ask_user", topic="the colour")
    return "Done."


class Person:
    """Numbers its replies, so that a second reply to one question shows; may kill the process that wants one."""

    def __init__(self, leaks: bool = False) -> None:
        self.n, self.leaks, self.victim, self.kill_at = 0, leaks, 0, 0

    def __call__(self, turn: int, body: Json) -> Spoken:
        self.n += 1
        if self.n == self.kill_at:
            os.kill(self.victim, signal.SIGKILL)
        asked = str(body["messages"][-1]["content"]).rsplit("The clerk asks: ", 1)[1]
        known = [words for topic, words in FACTS.items() if self.leaks or topic in asked]
        return Spoken(f"{' '.join(known)} {'Hm, ' * self.n}that is all.")


@contextmanager
def asked(folder: Path, person: Person) -> Iterator[tuple[Settings, FakeApi]]:
    with fake_api(OpenAiForm(), speak=person) as api:
        model = {"engine": "chat", "urls": [api.url], "model": api.model, "api_key": api.api_key, "retries": 0}
        user = User(played_by="model", teacher=Teacher.model_validate(model))
        settings = Settings(
            home=folder,
            rollout=Rollout(max_in_flight=1, tool_workers=0, max_starts=99),
            environments=Environments(user=user),
        )
        setup = Setup(services=["files"], user=FACTS).to_json()
        write_tasks(Lake(settings.lake), DAY, "general_agentic", [(setup, GOAL)])
        yield settings, api


def roll_out(settings: Settings, fuse: int = 0) -> None:
    FUSE[0] = fuse
    run_rollout(settings, DAY, silent, Factories(opening(ScriptedTeacher(clerk)), open_tiny_dialect))


def replies(settings: Settings) -> list[str]:
    found = [row for row in rows(settings.home, Turn) if row["role"] == "tool"]
    return [str(json.loads(row["observation"])["reply"]) for row in sorted(found, key=lambda row: int(row["index"]))]


def verdict(settings: Settings) -> Any:
    [reason] = [row["reason"] for row in rows(settings.home, Verdict) if row["verifier"] == "user_fidelity"]
    return reason


def test_the_words_of_the_model_are_observations_and_its_name_stands_in_the_outcome(tmp_path: Path) -> None:
    """Without the model and the prompt behind a reply, the facts of a trajectory have no source."""
    with asked(tmp_path, Person()) as (settings, api):
        roll_out(settings)
    assert [one.split(". ")[0] for one in replies(settings)] == [
        "Use a flat rate of 250", "We open at 9:30", "Paint it green"
    ]  # fmt: skip
    [outcome] = rows(tmp_path, Outcome)
    facts = json.loads(outcome["checks"])["user"]
    assert (facts["model"], facts["replies"], len(facts["prompt_sha256"])) == (api.model, 3, 64)
    assert verdict(settings) == "ok"
    assert "flat rate of 250" in str(api.bodies[-1]["messages"]), "the person forgets its replies"


def test_its_tokens_are_spending_of_the_run(tmp_path: Path) -> None:
    """A budget that the user's model does not count towards is exceeded by all that it writes."""
    with asked(tmp_path, Person()) as (settings, _):
        roll_out(settings)
        [run] = rows(tmp_path, RolloutRow)
        assert run["user_tokens"] > 0
        with connect(Lake(settings.lake)) as con:
            [(spent,)] = execute(con, query("rollout", "tokens_spent"), {"since": run["started_at"]}).fetchall()
    assert spent == run["sampled_tokens"] + run["user_tokens"]


def test_a_user_that_gives_everything_away_is_found(tmp_path: Path) -> None:
    """The attempt would teach that one question is enough."""
    with asked(tmp_path, Person(leaks=True)) as (settings, _):
        roll_out(settings)
    assert verdict(settings) == "revealed_unasked"


def test_a_user_that_does_not_answer_is_a_fault_and_never_an_observation(tmp_path: Path) -> None:
    """An error text read as a user's words would become evidence."""
    with asked(tmp_path, Person()) as (settings, api):
        api.always = "echo_key"
        roll_out(settings)
        assert not rows(tmp_path, Turn)
        assert api.api_key not in "".join(path.read_text("utf-8", "replace") for path in tmp_path.rglob("*.json"))
        api.always = None
        roll_out(settings)
    assert len(replies(settings)) == 3


@pytest.mark.slow
def test_killed_while_and_after_it_asks_the_recorded_words_are_read_again(tmp_path: Path) -> None:
    """A second reply to one question would contradict what the agent has read, and is paid for twice."""
    person = Person()
    with asked(tmp_path, person) as (settings, _):
        for fuse, kill_at in ((2, 0), (0, 3), (0, 0)):
            process = CONTEXT.Process(target=roll_out, args=(settings, fuse))
            person.kill_at = kill_at
            process.start()
            person.victim = process.pid or 0
            process.join()
            assert process.exitcode == (-9 if fuse or kill_at else 0)
    assert [one.count("Hm") for one in replies(settings)] == [1, 2, 4], "only the killed question is put again"
    assert verdict(settings) == "ok"


def test_the_teacher_plays_the_user_where_no_other_model_is_named(tmp_path: Path) -> None:
    """A home with one server has no second model."""

    def both(prompt: str, seed: int) -> str:
        return "Take 250." if "The clerk asks" in prompt else clerk(prompt, seed)

    with asked(tmp_path, Person()) as (settings, api):
        alone = settings.model_copy(update={"environments": Environments(user=User(played_by="model"))})
        run_rollout(alone, DAY, silent, Factories(opening(ScriptedTeacher(both)), open_tiny_dialect))
        assert not api.requests
    assert replies(settings) == ["Take 250."] * 3
    assert verdict(settings) == "revealed_unasked"
