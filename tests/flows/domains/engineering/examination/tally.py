"""A small package with two bugs, its hidden tests, its honest fix, and examinations of what agents may leave behind."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flows.domains.engineering.examination import Examination
from flows.domains.engineering.examination.staging import lay_over
from flows.domains.engineering.suite import language
from flows.environments.sandbox import Limits, Sandbox

File = str | bytes | None
COUNTS = '''
"""Counts."""


def mean(values):
    values = list(values)
    if not values:
        raise ValueError("no values")
    return sum(values) / len(values)


def ranks(words):
    return {word: at for at, word in enumerate(sorted(set(words)), 1)}


def label(n):
    return "none" if n == 0 else "one" if n == 1 else f"{n} items"


def is_odd(n):
    return n % 2 == 1
'''
BUGGY = COUNTS.replace("/ len(values)", "/ (len(values) + 1)").replace(
    "enumerate(sorted(set(words)), 1)", "enumerate(words)"
)
VISIBLE = "from tally import label\n\n\ndef test_label():\n    assert label(0) == 'none'\n"
HIDDEN = """
import unittest
import pytest
from tally.counts import is_odd, label, mean, ranks


def test_mean():
    assert mean([1, 2, 3]) == 2.0
    assert mean(iter([4.5])) == pytest.approx(4.5)


@pytest.mark.parametrize("words, expected", [(["b", "a"], {"a": 1, "b": 2}), (["x", "x", "c"], {"c": 1, "x": 2})])
def test_ranks(words, expected):
    assert ranks(words) == expected


@pytest.mark.parametrize("n", [1, 3, 5])
def test_is_odd(n):
    assert is_odd(n)
    assert is_odd(n + 1) is False


def test_label():
    wanted = "7 items"
    for n, text in [(0, "none"), (1, "one")]:
        assert label(n) == text
    assert label(7) == wanted


class TestErrors(unittest.TestCase):
    def test_no_values(self):
        with self.assertRaises(ValueError) as caught:
            mean([])
        self.assertIn("no values", str(caught.exception))

    def test_ranks_of_one(self):
        self.assertEqual(ranks(["q"]), {"q": 1})
"""
PRISTINE = {
    "tally/__init__.py": "from tally.counts import is_odd, label, mean, ranks\n",
    "tally/counts.py": BUGGY,
    "tests/__init__.py": "",
    "tests/test_counts.py": VISIBLE,
    "pyproject.toml": "[project]\nname = 'tally'\n",
}
PATH = "tests/test_counts.py"
GOAL = {
    "language": "python",
    "tests": {PATH: HIDDEN},
    "fail_to_pass": [
        f"{PATH}::test_mean", f"{PATH}::test_ranks[words0-expected0]", f"{PATH}::test_ranks[words1-expected1]",
        f"{PATH}::TestErrors::test_ranks_of_one",
    ],
    "pass_to_pass": [
        f"{PATH}::test_is_odd[1]", f"{PATH}::test_is_odd[3]", f"{PATH}::test_is_odd[5]", f"{PATH}::test_label",
        f"{PATH}::TestErrors::test_no_values",
    ],
}  # fmt: skip
HONEST: dict[str, File] = {"tally/counts.py": COUNTS}


def write(folder: Path, files: Mapping[str, File]) -> Path:
    """Write files into a folder; None removes one."""
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            place.unlink(missing_ok=True)
        elif isinstance(content, bytes):
            place.write_bytes(content)
        else:
            place.write_text(content, "utf-8")
    return folder


@dataclass(frozen=True)
class Examiner:
    """Examines what an agent leaves in the workspace of the package."""

    sandbox: Sandbox

    def checks(self, changed: Mapping[str, File], goal: Mapping[str, object] = GOAL) -> dict[str, object]:
        """The checks of an agent that changed these files; None removes one."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            tree, agent = write(folder / "tree", PRISTINE), write(folder / "agent", PRISTINE)
            write(agent, changed)
            changes = lay_over(tree, agent, language("python"))
            checks = Examination(tree, self.sandbox, Limits(wall_s=60)).run(json.loads(json.dumps(goal)), folder)
            return checks | {"tampered": list(changes.tampered)}
