"""One Settings object for the whole factory, from `factory.toml` and FACTORY_* variables.

Defaults make the main job run with no settings at all: the embedded site, the embedded teacher, a
release in ./release. A variable names its section and key (`FACTORY_TEACHER__MODEL`) and wins over the
file. What does not fit is refused before any work, with the key, the value and what is allowed.
"""

from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from flows.settings.sections import BenchmarkFiles, Crawl, Publish, Refine, Rollout, Schedule, Tasks, Teacher
from sources.blocklist import Blocklist
from sources.urls import NotCrawlable

__all__ = [
    "SETTINGS_FILE", "BenchmarkFiles", "Crawl", "Publish", "Refine", "Rollout", "Schedule", "Settings", "SettingsError",
    "Tasks", "Teacher", "load",
]  # fmt: skip

SETTINGS_FILE = "factory.toml"


class SettingsError(Exception):
    """The settings do not make sense; the message names each key, its value and what is allowed."""


class Settings(BaseSettings):
    """All settings; `load()` reads them with errors made for people."""

    model_config = SettingsConfigDict(
        env_prefix="FACTORY_",
        env_nested_delimiter="__",
        toml_file=SETTINGS_FILE,
        extra="forbid",
        frozen=True,
    )

    home: Path = Field(default=Path(), description="where lake/, state/ and warehouse.duckdb stand")
    blocked: list[str] = Field(
        default=[],
        description="hosts, with their subdomains, and regular expressions over urls: never crawled, shown or released",
    )
    crawl: Crawl = Crawl()
    tasks: Tasks = Tasks()
    teacher: Teacher = Teacher()
    rollout: Rollout = Rollout()
    refine: Refine = Refine()
    publish: Publish = Publish()
    schedule: Schedule = Schedule()

    @field_validator("blocked")
    @classmethod
    def _usable(cls, entries: list[str]) -> list[str]:
        try:
            Blocklist(entries)
        except NotCrawlable as error:
            raise ValueError(str(error)) from error
        return entries

    @property
    def lake(self) -> Path:
        """The lake's root."""
        return self.home / "lake"

    @property
    def state(self) -> Path:
        """Small mutable state: crawl frontier, rollout journal, search index, spill."""
        return self.home / "state"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file of views."""
        return self.home / "warehouse.duckdb"

    def within(self, max_tokens: int | None, max_hours: float | None) -> "Settings":
        """These settings with another budget of the rollout, where one is given; raises SettingsError."""
        asked = {"max_tokens": max_tokens, "max_hours": max_hours}
        given = {name: value for name, value in asked.items() if value is not None}
        try:
            budgeted = Rollout.model_validate(self.rollout.model_dump() | given)
        except ValidationError as error:
            raise SettingsError("\n".join(_explain(item) for item in error.errors())) from error
        return self.model_copy(update={"rollout": budgeted})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load() -> Settings:
    """The settings of the working directory; raises SettingsError naming every key that does not fit."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(item) for item in error.errors())) from error
    except ValueError as error:
        raise SettingsError(f"{SETTINGS_FILE} cannot be read: {error}") from error


def _explain(item: ErrorDetails) -> str:
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return f"{key}: no such setting. `factory init` writes a file with all of them."
    return f"{key} = {item['input']!r}: {item['msg'].removeprefix('Value error, ')}"
