"""Settings of the times and the machines of nights: the schedule of `factory serve`, and the workers of a night."""

import re
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterError, croniter
from pydantic import Field, field_validator

from flows.settings.section import Section

DEPLOYMENT = r"[a-z0-9]+(-[a-z0-9]+)*"
RANDOM = {"r", "h"}


class Schedule(Section):
    """Start times of `factory serve`."""

    cron: str = Field(default="0 2 * * *", description="cron expression; with several times a day, each is a night")
    timezone: str = Field(
        default="UTC", description="IANA time zone of the cron expression, and of the day that a night belongs to"
    )
    deployment: str = Field(
        default="",
        pattern=rf"^({DEPLOYMENT})?$",
        description="name of the deployment in Prefect and in the keys of its artifacts: lowercase letters, digits, "
        "single dashes; empty: the name of the home's folder and a hash of its path",
    )

    @field_validator("cron")
    @classmethod
    def _valid_cron(cls, text: str) -> str:
        fields = text.split()
        if not (len(fields) == 5 or text.startswith("@")) or any(field.lower() in RANDOM for field in fields):
            raise ValueError("write five fields: minute, hour, day of month, month, day of week, such as '0 2 * * *'")
        try:
            croniter(text, datetime(2026, 1, 1)).get_next()
        except CroniterError as error:
            raise ValueError(f"no cron expression that ever fires: {error}") from error
        return text

    @field_validator("timezone")
    @classmethod
    def _valid_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("no time zone of the IANA database; write one such as Europe/Berlin or UTC") from error
        return name


class Engine(Section):
    """The workers of a night: processes of this machine, or a Ray cluster."""

    kind: Literal["local", "ray"] = Field(
        default="local", description="local: this machine; ray: the machines of a Ray cluster, which share the home"
    )
    address: str = Field(
        default="auto",
        pattern=r"^(auto|[^\s/:]+:\d+|\[[0-9a-fA-F:.]+\]:\d+)$",
        description="the cluster's head as HOST:PORT; auto: the cluster that this machine has joined",
    )


def deployment_of(home: Path) -> str:
    """The default name, one per home: the folder's name and 8 hex digits of a hash of the resolved path."""
    path = home.resolve()
    words = re.findall(r"[a-z0-9]+", path.name.lower())
    return "-".join([*words, sha256(str(path).encode()).hexdigest()[:8]])
