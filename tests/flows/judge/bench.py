"""A home with a small lake and a judge on a local API whose votes a test scripts."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from flows.judge.run import run_judge
from flows.rollout.writer import open_writer
from flows.settings import Judge, Settings, Teacher
from tests.doubles.lakes.small_lake import SmallLake, write_records
from tests.doubles.teachers.apis.fake_api import FakeApi, Json, Spoken, fake_api
from tests.doubles.teachers.apis.forms import OpenAiForm
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 11, 20)
PASS = '{"passed": true, "score": 1.0, "reason": "ok"}'
FAIL = '{"passed": false, "score": 0.25, "reason": "misread"}'
MUMBLE = "I cannot decide."

Say = Callable[[str, int], str]
"""(user message, number of earlier votes on it) -> the reply."""


class Panel:
    """Speaks the votes of a test, and counts the requests for each message."""

    def __init__(self, say: Say) -> None:
        self.say, self.asked = say, Counter[str]()

    def __call__(self, turn: int, body: Json) -> Spoken:
        user = str(body["messages"][-1]["content"])
        self.asked[user] += 1
        return Spoken(self.say(user, self.asked[user] - 1))


@contextmanager
def judging(say: Say, **api: Any) -> Iterator[tuple[FakeApi, Panel]]:
    """The API while the block runs, and its panel."""
    panel = Panel(say)
    with fake_api(OpenAiForm(), speak=panel, **api) as fake:
        yield fake, panel


def home_of(path: Path, fake: FakeApi, made: SmallLake | None = None, **judge: Any) -> Settings:
    """Settings of a home whose judge is the API; writes the rows, if any."""
    teacher = Teacher.model_validate(
        {"engine": "chat", "urls": [fake.url], "model": fake.model, "api_key": fake.api_key, "retries": 0}
        | judge.pop("model", {})
    )
    settings = Settings(home=path, judge=Judge.model_validate({"enabled": True, "teacher": teacher} | judge))
    if made:
        write_records(Lake(settings.lake), DAY, made)
    return settings


def judge(settings: Settings, day: date = DAY) -> dict[str, int | str]:
    """Run the judge's step; returns its counts."""
    return run_judge(settings, day, silent, open_writer)


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query over the lake."""
    with connect(Lake(settings.lake)) as con:
        return con.execute(query).fetchall()
