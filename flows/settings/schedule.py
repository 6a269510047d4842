"""Settings of the schedule: when `factory serve` starts the nightly, and the name of its deployment in Prefect."""

import re
from hashlib import sha256
from pathlib import Path

from pydantic import Field

from flows.settings.section import Section

DEPLOYMENT = r"[a-z0-9]+(-[a-z0-9]+)*"


class Schedule(Section):
    """Start times of `factory serve`."""

    cron: str = Field(default="0 2 * * *", description="cron expression")
    timezone: str = Field(default="UTC", description="IANA time zone of the cron expression")
    deployment: str = Field(
        default="",
        pattern=rf"^({DEPLOYMENT})?$",
        description="name of the deployment in Prefect and in the keys of its artifacts: lowercase letters, digits, "
        "single dashes; empty: the name of the home's folder and a hash of its path",
    )


def deployment_of(home: Path) -> str:
    """The default name, one per home: the folder's name and 8 hex digits of a hash of the resolved path."""
    path = home.resolve()
    words = re.findall(r"[a-z0-9]+", path.name.lower())
    return "-".join([*words, sha256(str(path).encode()).hexdigest()[:8]])
