"""The packages that tasks are made of: those of the lists beside this file, each tried, with its licence and its tests.

Packages in JavaScript need Debian's nodejs, so they are used only where the settings name them.
"""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from flows.domains.contract import WrongSetting

if TYPE_CHECKING:
    from flows.settings.environments import Repository

PACKAGES = Path(__file__).parent / "packages.toml"
NPM_PACKAGES = Path(__file__).parent / "npm_packages.toml"


@dataclass(frozen=True)
class Source:
    """A tree whose tests pass, of which tasks can be made."""

    name: str
    tree: tuple[tuple[str, str], ...]
    """The tree of a workspace's setup, as items of its JSON object."""
    license: str
    """SPDX expression."""
    image: str = "python"
    tests: tuple[str, ...] = ()
    """Files and folders of its tests; empty for all that the runner finds."""
    ignore: tuple[str, ...] = ()
    """Tests that need more than the image has, or that take long."""
    description: str = ""
    """A few words for users: the kind of library."""
    language: str = "python"

    @property
    def is_git(self) -> bool:
        """True for a git repository, which has a history."""
        return dict(self.tree)["kind"] == "git"


def chosen(names: Sequence[str] | None, listed: "Sequence[Repository]" = ()) -> tuple[Source, ...]:
    """The packages of these names, or all in Python, and the repositories. Raises WrongSetting on an unknown name."""
    known = {one.name: one for one in (*packages(), *npm_packages())}
    if unknown := [name for name in names or () if name not in known]:
        raise WrongSetting(f"environments.packages = {unknown}: no such packages. There are: {', '.join(known)}")
    return (
        *(known[name] for name in ([one.name for one in packages()] if names is None else names)),
        *repositories(listed),
    )


@cache
def packages() -> tuple[Source, ...]:
    """The listed packages of the package index, in the order of the list."""
    return tuple(_read(PACKAGES, "sdist", "python"))


@cache
def npm_packages() -> tuple[Source, ...]:
    """The listed packages of npm."""
    return tuple(_read(NPM_PACKAGES, "npm", "javascript"))


def _read(place: Path, kind: str, language: str) -> Iterator[Source]:
    yield from (
        Source(
            one["name"],
            (("kind", kind), ("name", one["name"]), ("version", one["version"]), ("sha256", one["sha256"])),
            one["license"],
            one.get("image", "python"),
            tuple(one.get("tests", ())),
            tuple(one.get("ignore", ())),
            one["description"],
            language,
        )
        for one in tomllib.loads(place.read_text("utf-8"))["package"]
    )


def repositories(listed: "Iterable[Repository]") -> tuple[Source, ...]:
    """The local git repositories of the settings."""
    return tuple(
        Source(
            one.name,
            (("kind", "git"), ("path", str(one.path)), ("commit", one.commit)),
            one.license,
            one.image,
            tuple(one.tests),
            tuple(one.ignore),
            one.description,
            one.language,
        )
        for one in listed
    )
