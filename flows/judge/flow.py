"""The Prefect task of this room: one step of the nightly, which runs only if `judge.enabled` is set."""

from datetime import date

from flows.judge.model import OpenJudge
from flows.judge.run import run_judge
from flows.judge.verdict_parts import JudgeError
from flows.settings import Settings
from flows.step import step
from warehouse.console.progress import stage_bar


def _may_succeed(error: object) -> bool:
    """False for a judge whose replies cannot be read: another try would pay for the same replies."""
    return not isinstance(error, JudgeError)


@step("judge", _may_succeed)
def judge(settings: Settings, day: date, open_judge: OpenJudge) -> dict[str, int | str]:
    with stage_bar("judge", settings.state) as report:
        return run_judge(settings, day, report, open_judge)
