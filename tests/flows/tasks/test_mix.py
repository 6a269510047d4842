"""The default mix: a small teacher gets the demonstration, one that calls tools every domain that can run here."""

from dataclasses import replace
from pathlib import Path

import pytest

from flows.domains import domains
from flows.settings import Settings, Tasks, Teacher
from flows.tasks.composers import quotas
from flows.tasks.mix import default_mix, unmet

CALLS_TOOLS = Teacher(engine="vllm")


def shares(tmp_path: Path, teacher: Teacher, **tasks: object) -> dict[str, float]:
    chosen = Settings(home=tmp_path, teacher=teacher, tasks=Tasks.model_validate(tasks))
    return {quota.domain.name: quota.share for quota in quotas(chosen)}


def test_the_mix_is_for_teachers_that_call_tools_and_for_settings_that_choose_nothing(tmp_path: Path) -> None:
    """A new user's tiny teacher would fail at every task, and a chosen share would be diluted."""
    assert shares(tmp_path, Teacher()) == {"search": 1.0}
    assert shares(tmp_path, CALLS_TOOLS, composers=["cloze"]) == {"search": 1.0}
    assert shares(tmp_path, CALLS_TOOLS, share={"general_agentic": 2}) == {"general_agentic": 1.0}
    mix = default_mix(Settings(home=tmp_path, teacher=CALLS_TOOLS))
    assert set(mix.shares) | set(mix.left_out) == {name for name, one in domains().items() if one.share}
    found = shares(tmp_path, CALLS_TOOLS)
    assert found == pytest.approx({name: share / sum(mix.shares.values()) for name, share in mix.shares.items()})
    assert found["search"] / found["general_agentic"] == pytest.approx(0.25 / 0.12)


def test_the_reason_names_the_command_that_installs_missing_packages() -> None:
    """A night would end at its first task of that domain."""
    known = domains()["general_agentic"]
    assert unmet(known) is None
    lacking = replace(known, packages=("no_such_package",), extra="worlds")
    assert unmet(lacking) == "needs no_such_package: pip install 'horizon-factory[worlds]'"
