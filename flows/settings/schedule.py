"""Settings of the schedule: when `factory serve` starts the nightly."""

from pydantic import Field

from flows.settings.section import Section


class Schedule(Section):
    """Start times of `factory serve`."""

    cron: str = Field(default="0 2 * * *", description="cron expression")
    timezone: str = Field(default="UTC", description="IANA time zone of the cron expression")
