"""The packages that tasks are made of: each is pinned, permissively licensed, and named once."""

import re

import pytest

from flows.domains.contract import WrongSetting
from flows.domains.engineering.sources.allowlist import chosen, npm_packages, packages

PERMISSIVE = {"MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0"}


def test_there_are_packages_of_many_kinds() -> None:
    """With few packages, a student learns their code by heart."""
    assert len({one.name for one in packages()}) == len(packages()) >= 25
    assert len({one.description for one in packages()}) == len(packages())


def test_each_package_is_pinned_and_permissive() -> None:
    """A release that can change gives other tasks tomorrow; a licence that forbids derived work taints the release."""
    for one in (*packages(), *npm_packages()):
        assert re.fullmatch("[0-9a-f]{64}", dict(one.tree)["sha256"])
        assert one.license in PERMISSIVE


def test_settings_choose_packages() -> None:
    """A team that may not use a package must be able to leave it out."""
    assert [one.name for one in chosen(["toolz"])] == ["toolz"]
    assert chosen([]) == ()
    assert chosen(None) == packages()
    assert [one.language for one in chosen(["process-warning"])] == ["javascript"]
    with pytest.raises(WrongSetting, match=r"tolz.* There are: .*toolz"):
        chosen(["tolz"])
