"""The sampling of an attempt: settings win over the model's generation_config.json; neutral values fill the rest."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.rollout.engines.open import open_teacher
from flows.rollout.engines.servers.generation_config import model_defaults
from flows.rollout.protocol import Identity, TeacherRefused
from flows.rollout.sampling import NEUTRAL, attempt_sampling, parameters
from flows.settings import SettingsError, Teacher, load
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import fake_vllm

IDENTITY = Identity("vllm", "1", "m", None, 4_096)
FILE = {"do_sample": True, "temperature": 0.6, "top_k": 20, "top_p": 0.9, "min_p": None, "eos_token_id": [1, 2]}


def model_folder(folder: Path, config: object = FILE) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "generation_config.json").write_text(json.dumps(config))
    return folder


def test_a_key_of_the_settings_wins_over_the_models_and_neutral_fills_the_rest(tmp_path: Path) -> None:
    """A row that names another temperature than the one in force cannot be reproduced."""
    settings = Teacher(top_p=0.8)
    defaults = model_defaults(str(model_folder(tmp_path)), None, settings)
    sampling = attempt_sampling(settings, replace(IDENTITY, defaults=defaults), 7)
    assert parameters(sampling) == {**NEUTRAL, "temperature": 0.6, "top_k": 20, "top_p": 0.8}
    assert sampling.sources == dict.fromkeys(NEUTRAL, "neutral") | {
        "temperature": "model", "top_k": "model", "top_p": "settings",
    }  # fmt: skip


def test_neutral_by_choice_ignores_the_models_file(tmp_path: Path) -> None:
    settings = Teacher(sampling_defaults="neutral")
    defaults = model_defaults(str(model_folder(tmp_path)), None, settings)
    assert defaults is None
    assert parameters(attempt_sampling(settings, replace(IDENTITY, defaults={"top_k": 1}), 7)) == NEUTRAL


@pytest.mark.parametrize("there", [True, False])
def test_a_model_without_the_file_is_not_one_that_cannot_be_read(
    there: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A server elsewhere may recommend values that this machine cannot see: the night would run at temperature 1."""
    defaults = model_defaults(str(tmp_path if there else tmp_path / "elsewhere"), None, Teacher())
    assert defaults == ({} if there else None)
    assert ("not on this machine" in caplog.text) is not there
    assert parameters(attempt_sampling(Teacher(), replace(IDENTITY, defaults=defaults), 7)) == NEUTRAL


def test_the_file_is_found_in_the_hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Hub name is the usual teacher.model; the server that runs it here has filled the cache."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    stored = tmp_path / "models--some--model"
    (stored / "refs").mkdir(parents=True)
    (stored / "refs" / "main").write_text("abc")
    (stored / "snapshots").mkdir()
    model_folder(stored / "snapshots" / "abc")
    assert model_defaults("some/model", None, Teacher()) == {"temperature": 0.6, "top_k": 20, "top_p": 0.9}
    (stored / "snapshots" / "abc" / "generation_config.json").unlink()
    (stored / "snapshots" / "abc" / "config.json").write_text("{}")
    assert model_defaults("some/model", None, Teacher()) == {}, "the model has none"
    assert model_defaults("some/other", None, Teacher()) is None
    assert model_defaults("not a name", None, Teacher()) is None


@pytest.mark.parametrize("config", [{"top_p": 0}, {"temperature": "warm"}, {"repetition_penalty": -1}, ["list"]])
def test_an_unusable_file_is_refused_with_the_setting_that_replaces_it(config: object, tmp_path: Path) -> None:
    """The server would answer every request of the night with 400."""
    with pytest.raises(TeacherRefused, match=r"generation_config\.json .*teacher\."):
        model_defaults(str(model_folder(tmp_path, config)), None, Teacher())


def test_both_ways_to_write_no_limit_of_top_k_are_the_same_sampling() -> None:
    """Rows with the same sampling would otherwise look different."""
    assert attempt_sampling(Teacher(top_k=-1), IDENTITY, 7) == attempt_sampling(Teacher(top_k=0), IDENTITY, 7)


def test_a_setting_replaces_an_unusable_value_of_the_file(tmp_path: Path) -> None:
    assert model_defaults(str(model_folder(tmp_path, {"top_p": 0})), None, Teacher(top_p=1.0)) == {}


async def test_every_parameter_is_in_every_request(tmp_path: Path) -> None:
    """A server fills what a request leaves out: top_k 1 there made one completion of eight seeds."""
    chosen: dict[str, Any] = {"engine": "vllm", "min_p": 0.1, "presence_penalty": 0.5, "frequency_penalty": -0.5}
    with fake_vllm(root=str(model_folder(tmp_path))) as fake:
        settings = Teacher.model_validate(chosen | {"urls": [fake.url], "repetition_penalty": 1.1})
        async with open_teacher(settings, tmp_path) as teacher:
            sampling = attempt_sampling(settings, teacher.identity, 7)
            await teacher.generate([65], replace(sampling, stop_token_ids=(tiny.IM_END,)), "one")
    sent = {name: fake.exchanges[-1].body[name] for name in NEUTRAL}
    assert sent == parameters(sampling)
    assert sent == {
        "temperature": 0.6, "top_p": 0.9, "top_k": 20, "min_p": 0.1,
        "presence_penalty": 0.5, "frequency_penalty": -0.5, "repetition_penalty": 1.1,
    }  # fmt: skip
    assert all(NEUTRAL.keys() <= one.body.keys() for one in fake.exchanges), "the probe of the start included"


@pytest.mark.parametrize("wrong", ["top_p = 0", "min_p = 2", "presence_penalty = 3", "repetition_penalty = 0"])
def test_a_value_that_servers_refuse_is_refused_when_the_settings_load(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "factory.toml").write_text(f"[teacher]\n{wrong}\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=f"teacher.{wrong.split(maxsplit=1)[0]}"):
        load()
