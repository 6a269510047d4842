"""Gathers the facts that the files of an installation need, from the settings and from this installation itself.

No secret is among them: passwords and tokens of the settings or the environment never reach a written file.
"""

import json
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import distribution, version
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flows.settings import Settings
from flows.settings.address import HUB, S3


class DeployError(Exception):
    """The files cannot be written; the message names the cause and the next step."""


@dataclass(frozen=True)
class Installation:
    """One home, and the program that runs its nights."""

    home: Path
    """The resolved home."""
    folder: Path
    """Folder with the factory.toml: the working directory of every run."""
    deployment: str
    cron: str
    timezone: str
    releases: Path | None
    """Local folder that releases go to; None if they go to a store."""

    @property
    def description(self) -> str:
        """One line for lists of services and deployments."""
        return f"Horizon Factory: the nightly of {self.home}"

    @property
    def owner(self) -> str:
        """Name of the home's owner, or the number of an owner without a name."""
        try:
            return self.home.owner()
        except KeyError:
            return str(self.home.stat().st_uid)

    @property
    def mounts(self) -> list[Path]:
        """The folders that a container needs at the same paths: none of them lies in another one."""
        needed = {self.home, self.folder, *([self.releases] if self.releases else [])}
        return sorted(path for path in needed if not any(other in path.parents for other in needed))


def installation(settings: Settings) -> Installation:
    """The facts of the settings of the working directory; the home is created if it does not exist."""
    settings.home.mkdir(parents=True, exist_ok=True)
    remote = settings.publish.to.startswith((S3, HUB))
    return Installation(
        home=settings.home.resolve(),
        folder=Path.cwd(),
        deployment=settings.deployment,
        cron=settings.schedule.cron,
        timezone=settings.schedule.timezone,
        releases=None if remote else Path(settings.publish.to).resolve(),
    )


def factory_command() -> Path:
    """Path of the `factory` program of this installation; raises DeployError if it is not installed."""
    beside = Path(sys.executable).with_name("factory")
    found = str(beside) if beside.exists() else shutil.which("factory")
    if not found:
        raise DeployError("there is no `factory` program beside this Python: install the package, then run this again.")
    return Path(found).absolute()


def source_folder(chosen: Path | None) -> Path:
    """The checkout that an image can be built from: the chosen one, else the one that this factory was installed from.

    Raises DeployError if it is no checkout.
    """
    folder = (chosen or _installed_from()).resolve()
    if (folder / "pyproject.toml").is_file() and (folder / "flows").is_dir():
        return folder
    raise DeployError(f"{folder} is no checkout of the factory: name one with --source FOLDER to build the image from.")


def _installed_from() -> Path:
    """The folder that pip recorded (PEP 610); an empty path if the factory came from elsewhere."""
    recorded = json.loads(distribution("horizon-factory").read_text("direct_url.json") or "{}")
    return Path(unquote(urlsplit(recorded.get("url", "")).path))


def prefect_version() -> str:
    """The version of Prefect that this factory runs with."""
    return version("prefect")
