"""Tasksets of verifiers through the domain: rows with a proven reply become tasks, all others are refused by reason."""

import os
from datetime import date
from pathlib import Path

import pytest

from flows.domains.contract import Refused
from flows.domains.task_folders.tasksets.package import read_package
from flows.environments.sandbox import unavailable
from flows.settings import Settings, Tasks
from flows.tasks.compose import run_tasks
from schemas.task import Task
from tests.flows.domains.task_folders.verifiers_wheel import REQUIREMENT, write_wheel
from tests.flows.tasks.reading import rows
from warehouse.console.progress import silent

needs_sandbox = pytest.mark.skipif(
    unavailable() is not None and not os.environ.get("FACTORY_REQUIRE_SANDBOX"), reason=str(unavailable())
)
PYPROJECT = f'[project]\nname = "Word-Sorting"\nversion = "0.1"\ndependencies = ["{REQUIREMENT}"]\n'
TASKSET = '''"""Words in order, by reply and by file."""
import verifiers.v1 as vf
from verifiers.v1.types import AssistantMessage, UserMessage


class Data(vf.TaskData):
    answer: str = ""
    kind: str = "reply"


class Sorting(vf.Task[Data]):
    async def setup(self, trace, runtime):
        if self.data.kind == "file":
            await runtime.write("words.txt", b"pear fig")

    @vf.reward(weight=1.0)
    async def right_order(self, trace: vf.Trace, runtime) -> float:
        if self.data.kind == "broken":
            raise RuntimeError("no such model")
        if self.data.kind == "file":
            assert await runtime.read("words.txt") == b"pear fig"
        if self.data.kind == "boxed":
            return float(trace.last_reply == "\\\\boxed{" + self.data.answer + "}")
        return float(self.data.kind == "blank" or trace.last_reply == self.data.answer)

    @vf.reward(weight=0.5)
    async def is_short(self, trace: vf.Trace) -> float:
        return float(0 < len(trace.last_reply) < 200)


class Config(vf.TasksetConfig):
    pass


class SortingTaskset(vf.Taskset[Sorting, Config]):
    def load(self):
        few_shot = [UserMessage(content="Sort: b a"), AssistantMessage(content="a b"), UserMessage(content="Sort: d c")]
        given = [
            {"prompt": "Sort: pear fig", "answer": "fig pear", "system_prompt": "Be brief."},
            {"prompt": "Sort words.txt.", "answer": "fig pear", "kind": "file"},
            {"prompt": "Sort: lime date", "answer": "date lime", "kind": "boxed"},
            {"prompt": "Sort: kiwi quince", "answer": ""},
            {"prompt": "Say anything.", "answer": "x", "kind": "blank"},
            {"prompt": "Sort: a b", "answer": "a b", "kind": "broken"},
            {"prompt": "Sort: a b", "answer": "a b", "image": "ubuntu:24.04"},
            {"prompt": few_shot, "answer": "c d"},
        ]
        return [Sorting(Data(**one), self.config.task) for one in given]
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "package"
    (folder / "word_sorting").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "word_sorting" / "__init__.py").write_text(f'{TASKSET}\n\n__all__ = ["SortingTaskset"]\n')
    monkeypatch.setenv("PIP_FIND_LINKS", str(write_wheel(tmp_path / "wheels")))
    return folder


@needs_sandbox
@pytest.mark.slow
def test_rows_with_a_proven_reply_become_tasks_and_the_others_are_counted(package: Path, tmp_path: Path) -> None:
    """A row without a solution wastes attempts for good; one that a blank reply solves teaches nothing."""
    settings = Settings(
        home=tmp_path,
        tasks=Tasks(
            per_night=9, share={"task_folders": 1}, tasksets=[package], probes=["oracle", "shortcuts", "canary"]
        ),
    )

    def night(day: int) -> dict[str, int | str]:
        return run_tasks(settings, date(2026, 1, day), silent, lambda *_: pytest.fail("no teacher"), 0)

    counts = night(2)
    assert {name: n for name, n in counts.items() if name.startswith("refused:")} == {
        "refused:no_solution": 1,
        "refused:blank_reply_solves_it": 1,
        "refused:taskset_code_failed": 1,
        "refused:image_is_not_of_packages": 1,
        "refused:prompt_is_a_dialogue": 1,
    }
    found = rows(tmp_path, Task)
    assert counts["composed"] == 3 == len(found)
    assert found[0]["instruction"].startswith("Be brief.\n\nSort: pear fig\n\nWrite your whole reply to the file")
    assert night(3)["composed"] == 0


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"pyproject.toml": None}, "no_pyproject"),
        ({"pyproject.toml": "[project]\nname = 'x y'\n"}, "package_invalid"),
        ({"pyproject.toml": "[project]\nname = 'x'\ndependencies = ['v @ https://x.org/v.whl']\n"}, "package_invalid"),
        ({"pyproject.toml": "name = "}, "package_invalid"),
        ({"word_sorting/data.bin": "x" * (1 << 20)}, "folder_too_large"),
    ],
)
def test_a_package_that_cannot_be_used_is_refused_with_the_reason(
    package: Path, files: dict[str, str | None], reason: str
) -> None:
    """Its user looks for the fault in the wrong place otherwise."""
    for name, text in files.items():
        if text is None:
            (package / name).unlink()
        else:
            (package / name).write_text(text)
    with pytest.raises(Refused, match=reason):
        read_package(package)


def test_a_link_out_of_the_package_is_refused(package: Path) -> None:
    """A link would store a file of the machine in the lake."""
    (package / "passwords.py").symlink_to("/etc/passwd")
    with pytest.raises(Refused, match="folder_has_links"):
        read_package(package)
