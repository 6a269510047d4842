"""A trial of a real vLLM server on the CPU, started by the flow, as the gate has it.

The model is too small for calls in JSON, so the trial runs in the text dialect.
"""

from pathlib import Path

from flows.rollout.trial.advice import advice, fitting
from flows.rollout.trial.trial import run_trial
from flows.settings import Settings
from tests.flows.rollout.engines.vllm import test_real_server
from warehouse.console.progress import silent

pytestmark = test_real_server.pytestmark
model = test_real_server.model


def test_a_started_server_is_measured_and_its_cold_cache_found(model: Path, tmp_path: Path) -> None:
    """The double's figures are invented; the names and units of a real server's are its own."""
    teacher = {
        "engine": "vllm",
        "model": str(model),
        "dialect": "text",
        "context_window": 4_096,
        "venv": test_real_server.ENVIRONMENT,
        "serve_args": ["--no-enable-prefix-caching"],
    }
    settings = Settings.model_validate({"home": tmp_path / "home", "teacher": teacher, "rollout": {"max_in_flight": 8}})
    trial = run_trial(settings, tmp_path, silent)
    assert trial.problem is None
    assert trial.exactness.compared == trial.exactness.equal >= 3
    (speed,) = trial.speeds
    assert speed.cached_tokens == 0 and speed.prefill_per_s > 0 and speed.sampled_per_s[1] > 0
    held, served = fitting(trial, settings), trial.identity.served
    assert held and held >= 1 and [one.context for one in served] == [4_096]
    found = {one.key: one.value for one in advice(trial, settings, gpus=0)}
    assert found["teacher.serve_args"].startswith('["--enable-prefix-caching"')
    assert {path.name for path in settings.home.rglob("*")} == {"state", "logs", "vllm.log"}
