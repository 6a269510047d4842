"""Text trajectories of an API through the line: resumed after a kill, labelled, and refused where ids count."""

import json
import multiprocessing
import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.publish.errors import PublishError
from flows.publish.release import run_publish
from flows.publish.views.export import export
from flows.refine.decide import run_refine
from flows.rollout.run import run_rollout
from flows.settings import Publish, Rollout, Settings, Teacher
from schemas import Trajectory, Turn
from tests.doubles.lakes.wiki_tasks import write_wiki_tasks
from tests.doubles.teachers.apis.fake_api import FakeApi, Json, Spoken, fake_api
from tests.doubles.teachers.apis.forms import AnthropicForm, OpenAiForm
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake
from warehouse.query import run_checks

DAY = date(2026, 1, 2)
TASKS, IN_FLIGHT = 6, 2
SPAWN = multiprocessing.get_context("spawn")


def reader(turn: int, body: Json) -> Spoken:
    """Searches, opens the page that the task names, and answers with its title."""
    text = json.dumps(body["messages"])
    found = re.search(r"What is the title of (\S+)\?", text)
    if turn == 0:
        return Spoken("", "I search.", (("search", {"query": "island lighthouse keeper"}),))
    if turn == 1:
        return Spoken("", "I open it.", (("open", {"url": found[1] if found else ""}),))
    return Spoken(json.loads(f'"{_last_result(body)}"').split("\n", 1)[0], "It stands there.")


def _last_result(body: Json) -> str:
    content = body["messages"][-1]["content"]
    if isinstance(content, list):
        content = next(block["content"] for block in reversed(content) if block["type"] == "tool_result")
    return json.dumps(content)[1:-1]


BOTH = pytest.mark.parametrize("api", [OpenAiForm(), AnthropicForm()], ids=["openai", "anthropic"], indirect=True)
ONE = pytest.mark.parametrize("api", [AnthropicForm()], ids=["anthropic"], indirect=True)


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[FakeApi]:
    with fake_api(request.param, speak=reader) as fake:
        yield fake


def home(folder: Path, fake: FakeApi, **rollout: Any) -> Settings:
    prices = {"price_input": 2.0, "price_cached": 0.2, "price_output": 8.0}
    form = "anthropic" if isinstance(fake.form, AnthropicForm) else "openai"
    teacher = Teacher.model_validate(
        {"engine": "chat", "api": form, "urls": [fake.url], "model": fake.model, "api_key": fake.api_key} | prices
    )
    limits = Rollout.model_validate({"max_in_flight": IN_FLIGHT, "tool_workers": 0} | rollout)
    return Settings(home=folder, teacher=teacher, rollout=limits, publish=Publish(validation_share=0.0))


def planned(settings: Settings, **task: int) -> Settings:
    write_wiki_tasks(Lake(settings.lake), DAY, TASKS, **({"samples": 1} | task))
    return settings


def rows(settings: Settings, model: type[Trajectory] | type[Turn]) -> list[dict[str, Any]]:
    tables = [pq.read_table(part, partitioning=None) for part in Lake(settings.lake).parts(model)]
    return [row for table in tables for row in table.to_pylist()]


def roll_out(settings: Settings) -> None:
    run_rollout(settings, DAY, silent)


@pytest.mark.slow
@BOTH
def test_text_trajectories_pass_the_line_and_are_labelled(tmp_path: Path, api: FakeApi) -> None:
    """A reader who trusts token ids that are not there trains on nothing."""
    settings = planned(home(tmp_path, api))
    roll_out(settings)
    trajectories, turns = rows(settings, Trajectory), rows(settings, Turn)
    assert {(row["ids"], row["n_tokens"], row["status"]) for row in trajectories} == {("none", 0, "answered")}
    agent = [turn for turn in turns if turn["role"] == "assistant"]
    assert sum(turn["sampled_tokens"] for turn in agent) == sum(row["n_sampled_tokens"] for row in trajectories)
    assert all(turn["prompt_tokens"] > 0 and not turn["token_ids"] and turn["reasoning"] for turn in agent)
    run_refine(settings, DAY, silent)
    published = run_publish(settings, DAY, silent)
    release = Path(str(published["location"]))
    manifest, card = json.loads((release / "manifest.json").read_text()), (release / "README.md").read_text()
    assert manifest["rows_without_ids"] == manifest["rows"] == TASKS
    assert "exact token ids" not in card and "All rows hold text only (`ids` = none)" in card
    for view in ("trl", "ms-swift", "llama-factory", "prime-rl", "atif"):
        assert sum(export(release, view, tmp_path / view, silent).values()) == TASKS
    with pytest.raises(PublishError, match="the view verl needs token ids"):
        export(release, "verl", tmp_path / "verl", silent)
    with connect(Lake(settings.lake)) as con:
        assert not {name: found for name, found in run_checks(con).items() if found}
        cost, per_kept = con.sql("select cost, cost_per_kept from rollout_cost where run_id = 'all'").fetchall()[0]
    assert cost > 0 and per_kept == pytest.approx(cost / TASKS)


@pytest.mark.slow
@ONE
def test_a_budget_in_tokens_goes_by_the_counts_of_the_api(tmp_path: Path, api: FakeApi) -> None:
    """A night without token ids would otherwise never reach its budget, and cost without a limit."""
    settings = planned(home(tmp_path, api, max_tokens=40))
    counts = run_rollout(settings, DAY, silent)
    assert "tokens" in str(counts["stopped"])
    assert 40 <= int(counts["sampled_tokens"]) < 200


@ONE
def test_a_refused_attempt_is_a_row_with_its_reason(tmp_path: Path, api: FakeApi) -> None:
    api.speak = lambda turn, body: Spoken("I cannot help with that.", reason="content_filter")
    settings = planned(home(tmp_path, api))
    roll_out(settings)
    assert {(row["status"], row["answer"]) for row in rows(settings, Trajectory)} == {("refused", None)}
    assert {row["error"] for row in rows(settings, Trajectory)} <= {"content_filter", "refusal"}


@pytest.mark.slow
@ONE
def test_a_conversation_that_outgrows_the_window_ends_context_cap(tmp_path: Path, api: FakeApi) -> None:
    """The API alone counts the tokens; an attempt that it refuses for its length ends with what it has."""
    api.speak = lambda turn, body: reader(min(turn, 1), body) if turn < 8 else Spoken("Never.")
    settings = planned(home(tmp_path, api), max_turns=12)
    api.context = 12_000
    roll_out(settings)
    assert {row["status"] for row in rows(settings, Trajectory)} <= {"context_cap", "looped"}


@pytest.mark.slow
@ONE
def test_a_killed_run_goes_on_at_the_turn_it_had_reached(tmp_path: Path, api: FakeApi) -> None:
    """A turn that is paid for twice, or a conversation that differs after the kill, costs money and trust."""
    settings, api.delay_s = planned(home(tmp_path, api)), 0.1
    process = SPAWN.Process(target=roll_out, args=(settings,))
    process.start()
    deadline = time.monotonic() + 60
    while len(api.bodies) < TASKS + 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.join()
    roll_out(settings)
    trajectories = rows(settings, Trajectory)
    assert {row["status"] for row in trajectories} == {"answered"} and len(trajectories) == TASKS
    assert 3 * TASKS <= len(api.bodies) <= 3 * TASKS + IN_FLIGHT
    sent = [_turns(body) for body in api.bodies]
    assert all(any(turns[:-2] == earlier for earlier in sent) for turns in sent if len(turns) > 1)


def _turns(body: Json) -> list[str]:
    """The messages of a request, without breakpoints."""
    return [json.dumps(turn).replace(', "cache_control": {"type": "ephemeral"}', "") for turn in body["messages"]]


def searcher(turn: int, body: Json) -> Spoken:
    """Searches without end, sums up on demand, and answers when it must."""
    last = json.dumps(body["messages"][-1])
    if "Your context is nearly full" in last:
        return Spoken("I found page 7 so far.", "I sum up.")
    if "answer now" in last:
        return Spoken("It is page 7.", "I must answer.")
    return Spoken("", "I search.", (("search", {"query": f"island lighthouse keeper {len(json.dumps(body))}"}),))


@pytest.mark.slow
@pytest.mark.parametrize("form", [OpenAiForm(), AnthropicForm()], ids=["openai", "anthropic"])
def test_a_conversation_longer_than_the_window_goes_on_in_segments(
    tmp_path: Path, form: OpenAiForm | AnthropicForm
) -> None:
    """An API refuses a result without its call: a segment that opens by halves would end every long attempt."""
    with fake_api(form, speak=searcher) as fake:
        settings = home(tmp_path, fake, compact_at=0.6, notes=True, max_observation_chars=1_500)
        teacher = settings.teacher.model_copy(update={"context_window": 4_000})
        settings = planned(settings.model_copy(update={"teacher": teacher}), max_turns=20)
        roll_out(settings)
    found = rows(settings, Trajectory)
    assert {(row["status"], row["answer"], row["error"]) for row in found} == {("turn_cap", "It is page 7.", None)}
    assert all(row["n_segments"] > 2 for row in found)
    run_refine(settings, DAY, silent)
    with connect(Lake(settings.lake)) as con:
        assert not {name: faults for name, faults in run_checks(con).items() if faults}
        refused = "select count(*) from gate_verdicts where gate in ('structure', 'arguments') and not keep"
        assert con.execute(refused).fetchall() == [(0,)]
