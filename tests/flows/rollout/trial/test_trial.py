"""A trial of a teacher: its episodes, its figures, and the advice that follows from them, against the fake vLLM."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from flows.rollout.protocol import TeacherRefused
from flows.rollout.trial.advice import Advice, advice, fitting
from flows.rollout.trial.display import advice_lines, print_trial
from flows.rollout.trial.trial import Trial, run_trial
from flows.settings import Settings
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.apis.fake_api import Json, Spoken, fake_api
from tests.doubles.teachers.apis.forms import OpenAiForm
from tests.doubles.teachers.fake_sglang import fake_sglang
from tests.doubles.teachers.fake_vllm import Body, FakeVllm, fake_vllm
from tests.doubles.teachers.scripted import ScriptedTeacher, call, open_tiny_dialect, opening, spoken
from warehouse.console.progress import silent


def settings_for(folder: Path, fake: FakeVllm, **teacher: Any) -> Settings:
    tokenizer = tiny.save(folder / "tokenizer")
    own = {"engine": "vllm", "urls": [fake.url], "tokenizer": str(tokenizer), "renderer": "qwen3", "retries": 0}
    sections = {"tasks": {"max_tokens": 32_768}, "rollout": {"tool_workers": 0}}
    return Settings.model_validate({"home": folder / "home", "teacher": own | teacher, **sections})


def tried(settings: Settings, folder: Path) -> Trial:
    scratch = folder / "scratch"
    scratch.mkdir()
    return run_trial(settings, scratch, silent)


def keys(found: list[Advice]) -> list[str | None]:
    return [one.key for one in found]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Trial]:
    """A trial of a server as it should be."""
    folder = tmp_path_factory.mktemp("plain")
    with fake_vllm() as fake:
        settings = settings_for(folder, fake)
        return settings, tried(settings, folder)


@pytest.mark.slow
def test_a_trial_gives_every_figure_and_leaves_the_home_alone(plain: tuple[Settings, Trial]) -> None:
    """Files in the home would count as attempts of the night."""
    settings, trial = plain
    assert trial.problem is None
    assert [episode.status for episode in trial.episodes] == ["answered"] * 3
    assert trial.exactness.compared == trial.exactness.equal == sum(episode.turns for episode in trial.episodes) == 9
    (speed,) = trial.speeds
    assert speed.prefill_per_s > 0 and speed.sampled_per_s[1] > 0
    assert speed.cached_tokens and speed.cached_tokens > speed.prompt_tokens - 32
    assert trial.cache_hit and 0 < trial.cache_hit < 1
    assert fitting(trial, settings) == int(32_768 * 64 * 0.9) // 32_768
    assert advice(trial, settings, gpus=8) == []
    assert not settings.home.exists()


def test_a_cold_prefix_cache_is_found_by_its_figure(tmp_path: Path) -> None:
    """Without a prefix cache each turn computes the whole episode again: a night takes many times as long."""
    with fake_vllm(block_size=1_000_000, kv_tokens=10_000_000) as fake:
        settings = settings_for(tmp_path, fake)
        trial = tried(settings, tmp_path)
    assert [speed.cached_tokens for speed in trial.speeds] == [0]
    (found,) = [one for one in advice(trial, settings, gpus=0) if "--enable-prefix-caching" in one.value]
    assert found.key is None and "0 cached tokens" in found.because
    started = settings.model_copy(
        update={
            "teacher": settings.teacher.model_copy(update={"urls": [], "serve_args": ["--no-enable-prefix-caching"]})
        }
    )
    lines = advice_lines(advice(trial, started, gpus=0))
    assert 'serve_args = ["--enable-prefix-caching"]' in lines


def test_an_sglang_server_is_tried_in_the_same_way(tmp_path: Path) -> None:
    """Its owner needs the arguments of SGLang, not of vLLM."""
    with fake_sglang(block_size=1_000_000, kv_tokens=10_000_000) as fake:
        settings = settings_for(tmp_path, fake, engine="sglang")
        trial = tried(settings, tmp_path)
    assert trial.problem is None and trial.exactness.equal == 9
    assert [one.value for one in advice(trial, settings, gpus=0)] == ["start the servers without --disable-radix-cache"]


def test_a_short_context_and_a_small_cache_give_lines_for_the_settings(tmp_path: Path) -> None:
    """Tasks longer than the server's window end cut, hours later."""
    with fake_vllm(context=8_192, kv_tokens=8_000) as fake:
        settings = settings_for(tmp_path, fake, context_window=32_768)
        trial = tried(settings, tmp_path)
    assert fitting(trial, settings) == 0
    lines = advice_lines(advice(trial, settings, gpus=0))
    assert lines.index("max_tokens = 8192") > lines.index("[tasks]")
    assert f"context_window = {int(8_000 * 0.9)}" in lines


@pytest.mark.slow
def test_too_few_attempts_in_flight_are_found_by_the_rates(tmp_path: Path) -> None:
    """A server that could work on 32 requests at once idles with 2."""
    with fake_vllm(delay_s=0.2) as fake:
        many = settings_for(tmp_path, fake)
        few = many.model_copy(update={"rollout": many.rollout.model_copy(update={"max_in_flight": 2})})
        trial = tried(few, tmp_path)
    assert trial.speeds[0].sampled_per_s[32] > 2 * trial.speeds[0].sampled_per_s[2]
    assert "rollout.max_in_flight" in keys(advice(trial, few, gpus=0))
    assert "rollout.max_in_flight" not in keys(advice(trial, many, gpus=0))


def test_gpus_that_a_started_server_leaves_idle_are_named(plain: tuple[Settings, Trial]) -> None:
    """Seven of eight GPUs would be paid for and do nothing."""
    settings, trial = plain
    started = settings.model_copy(update={"teacher": settings.teacher.model_copy(update={"urls": []})})
    assert keys(advice(trial, started, gpus=1)) == []
    (found,) = advice(trial, started, gpus=8)
    assert (found.key, found.value) == ("teacher.data_parallel", "8")


def test_unknown_figures_lead_to_no_advice(tmp_path: Path) -> None:
    """A server without metrics must not be blamed for figures that it does not show."""
    with fake_vllm(kv_tokens=0, metrics=False) as fake:
        settings = settings_for(tmp_path, fake)
        settings = settings.model_copy(update={"rollout": settings.rollout.model_copy(update={"max_in_flight": 1})})
        trial = tried(settings, tmp_path)
    assert trial.speeds[0].cached_tokens is None and trial.cache_hit is None
    assert fitting(trial, settings) is None
    found = advice(trial, settings, gpus=8)
    assert not any("prefix" in one.value or "kv" in one.value for one in found)
    shown = StringIO()
    print_trial(Console(file=shown, width=200), trial, settings, found)
    assert shown.getvalue().count("unknown: /metrics shows none") == 3
    assert "unknown of it cached" in shown.getvalue()


@pytest.mark.slow
def test_cut_turns_ask_for_a_higher_limit(tmp_path: Path) -> None:
    """Turns that end within their reasoning never reach a call."""
    with fake_vllm() as fake:
        settings = settings_for(tmp_path, fake, max_completion_tokens=20)
        trial = tried(settings, tmp_path)
    assert trial.problem and "no valid tool call" in trial.problem
    assert "max_completion_tokens = 40" in advice_lines(advice(trial, settings, gpus=0))


def test_calls_that_the_renderer_cannot_read_are_the_reason(tmp_path: Path) -> None:
    """A night with the wrong renderer gives only format errors."""

    def other_family(prompt: list[int], body: Body) -> str:
        return '<tool_call>\n<function=search>{"query"}</function>\n</tool_call>'

    with fake_vllm(reply=other_family) as fake:
        settings = settings_for(tmp_path, fake)
        trial = tried(settings, tmp_path)
    assert trial.problem and "teacher.renderer" in trial.problem
    assert any("teacher.renderer" in one.value for one in advice(trial, settings, gpus=0))


def test_a_window_that_holds_no_question_is_the_reason(tmp_path: Path) -> None:
    """Every attempt of a night would end before its first turn, without an error."""
    with fake_vllm(context=600) as fake:
        trial = tried(settings_for(tmp_path, fake), tmp_path)
    assert trial.problem and "600 tokens" in trial.problem
    assert {episode.status for episode in trial.episodes} == {"context_cap"}


def test_a_refusal_in_an_episode_is_the_reason(tmp_path: Path) -> None:
    """The first request of a night would meet the same refusal, after the crawl."""
    with fake_vllm() as fake:
        settings = settings_for(tmp_path, fake)
        fake.rejected_fields = frozenset({"seed"})
        with pytest.raises(TeacherRefused, match="seed"):
            tried(settings, tmp_path)


def test_a_parallel_call_a_long_result_and_a_right_answer_are_counted(tmp_path: Path) -> None:
    """The episodes must reach these cases with a teacher that can do them."""

    def able(prompt: str, seed: int) -> str:
        if spoken(prompt) == 0:
            return call("search", query="Tollen bridge") + call("search", query="Marrick viaduct")
        if spoken(prompt) == 1:
            return call("open", url="http://trial.localhost/logbook")
        named = {"Which locomotive": "Quern Engine House", "Reply with the name of the station": "Reedham Cross"}
        return next((answer for word, answer in named.items() if word in prompt), "Marrick viaduct")

    settings = Settings.model_validate({"home": tmp_path / "home", "rollout": {"tool_workers": 0}})
    trial = run_trial(settings, tmp_path, silent, opening(ScriptedTeacher(able)), open_tiny_dialect)
    assert [episode.right for episode in trial.episodes] == [True] * 3
    assert {episode.most_calls for episode in trial.episodes} == {2}
    assert all(episode.longest_observation > 3_000 for episode in trial.episodes)
    assert trial.problem is None


def search_once(turn: int, body: Json) -> Spoken:
    return Spoken("", "I search.", (("search", {"query": "heron"}),)) if turn == 0 else Spoken("Twelve.", "So.")


@pytest.mark.slow
def test_an_api_without_token_ids_is_tried_with_messages(tmp_path: Path) -> None:
    """An API has no ids to compare and no server to measure; its calls and its key must work before the night."""
    with fake_api(OpenAiForm(), speak=search_once) as fake:
        teacher = {"engine": "chat", "urls": [fake.url], "model": fake.model, "api_key": fake.api_key}
        trial = tried(Settings.model_validate({"home": tmp_path / "home", "teacher": teacher}), tmp_path)
    assert trial.problem is None
    assert [(episode.status, episode.calls) for episode in trial.episodes] == [("answered", 1)] * 3
    assert trial.exactness.compared == 0 and trial.speeds == []
