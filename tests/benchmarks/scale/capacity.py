"""Checks `factory capacity` against a real run: tries a server as `factory teacher try` does, then rolls out on it.

The forecast has the speed that the trial measured and the attempts that the run left in the lake, so it differs from
the run only by its model of servers, clients and admission. The server is a process with the times of a real engine.
"""

import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import orjson

from flows.environments.resources import cache_folder
from flows.rollout.capacity.attempts import of_lake
from flows.rollout.capacity.forecast import Forecast, forecast
from flows.rollout.capacity.machines import Machines, read_trial
from flows.rollout.run import run_rollout
from flows.rollout.trial.trial import run_trial
from flows.settings import Settings
from tests.benchmarks.figure import Figure
from tests.benchmarks.rollout.cost import OBSERVATION_CHARS, quick_server
from tests.doubles.lakes.wiki_tasks import write_wiki_tasks
from tests.doubles.teachers.small_qwen3 import small_tokenizer
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
SERVER = "tests.benchmarks.scale.paced_server"
FIGURES = ("scale.capacity_error", "scale.capacity_idle_error")


@dataclass(frozen=True)
class Size:
    """Attempts, the most turns of one, sampled tokens of a turn, attempts in flight."""

    attempts: int
    turns: int
    sampled: int
    in_flight: int


FULL, SMOKE = Size(96, 10, 60, 32), Size(4, 3, 60, 4)


def figures(size: Size) -> Iterator[Figure]:
    """The error of the forecast's hours and of its idle share."""
    tokenizer = small_tokenizer(cache_folder())
    with (
        tempfile.TemporaryDirectory() as folder,
        quick_server(tokenizer, size.turns, size.sampled, SERVER) as url,
    ):
        teacher = {"engine": "vllm", "urls": [url], "tokenizer": str(tokenizer), "renderer": "qwen3"}
        limits = {
            "max_in_flight": size.in_flight,
            "max_observation_chars": OBSERVATION_CHARS,
            "max_repeated_calls": size.turns,
            "tool_workers": 0,  # their start, some seconds, is nothing in a night and a tenth of this run
        }
        settings = Settings.model_validate({"home": Path(folder), "teacher": teacher, "rollout": limits})
        found = _forecast_of(settings, size, _trial_file(settings), url)
        spent = orjson.loads(urllib.request.urlopen(f"{url}/spent").read())
    seconds, idle = found.hours * 3600, spent["idle"] / spent["seconds"]
    yield Figure(
        "scale.capacity_error", round(abs(seconds / spent["seconds"] - 1), 3), "ratio",
        f"{seconds:.1f} s forecast, {spent['seconds']:.1f} s real, {size.attempts} attempts",
    )  # fmt: skip
    yield Figure(
        "scale.capacity_idle_error", round(abs(found.gpu_idle_share - idle), 3), "share",
        f"{found.gpu_idle_share:.1%} idle forecast, {idle:.1%} real",
    )  # fmt: skip


def _trial_file(settings: Settings) -> Path:
    """The output of a trial, as the command writes it."""
    folder = settings.home / "trial"
    folder.mkdir(parents=True)
    trial = run_trial(settings, folder, silent)
    if trial.problem:
        raise RuntimeError(trial.problem)
    file = folder / "trial.json"
    file.write_bytes(
        orjson.dumps(
            {"speeds": [asdict(one) for one in trial.speeds], "loads": [asdict(one) for one in trial.loads]},
            option=orjson.OPT_NON_STR_KEYS,
        )
    )
    return file


def _forecast_of(settings: Settings, size: Size, trial: Path, url: str) -> Forecast:
    """Roll out, then forecast the same attempts on the server that was tried."""
    write_wiki_tasks(Lake(settings.lake), DAY, size.attempts, samples=1, max_turns=size.turns + 1)
    urllib.request.urlopen(f"{url}/begin").read()
    counts = run_rollout(settings, DAY, silent)
    if counts["finished"] != size.attempts:
        raise RuntimeError(f"not every attempt ended: {counts}")
    speed, kv_tokens = read_trial(trial)
    with connect(Lake(settings.lake)) as con:
        made = of_lake(con)
    return forecast(made, size.attempts, Machines(1, speed, kv_tokens, max_in_flight=size.in_flight))
