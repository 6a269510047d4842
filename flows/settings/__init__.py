"""One Settings object for the whole factory, read from `factory.toml` and FACTORY_* environment variables.

The defaults run the main job with no settings file: the embedded site, the embedded teacher, a release in
./release. A variable names its section and key (`FACTORY_TEACHER__MODEL`) and overrides the file. An invalid
setting is refused before any work starts, with the key, the value and the allowed values.
"""

from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings import SettingsError as VariableError

from flows.settings.address import S3, HttpUrl, LakeAddress, LocalPath
from flows.settings.crawl import Crawl
from flows.settings.environments import Environments, SandboxSettings
from flows.settings.judge import Judge
from flows.settings.notify import Notify
from flows.settings.publish import Publish
from flows.settings.refine import BenchmarkFiles, Refine
from flows.settings.renamed import RENAMED
from flows.settings.retention import Retention
from flows.settings.rollout import Rollout
from flows.settings.schedule import Engine, Schedule, deployment_of
from flows.settings.tasks import Tasks
from flows.settings.teacher import Teacher
from sources.blocklist import Blocklist
from sources.urls import NotCrawlable

__all__ = [
    "SETTINGS_FILE", "BenchmarkFiles", "Crawl", "Engine", "Environments", "Judge", "Notify", "Publish", "Refine",
    "Retention", "Rollout", "Schedule", "Settings", "SettingsError", "Tasks", "Teacher", "load",
]  # fmt: skip

SETTINGS_FILE = "factory.toml"


class SettingsError(Exception):
    """The settings are invalid; the message names each wrong key, its value and the allowed values."""


class Settings(BaseSettings):
    """All settings of the factory. `load()` reads them and raises errors that a person can act on."""

    model_config = SettingsConfigDict(
        env_prefix="FACTORY_",
        env_nested_delimiter="__",
        toml_file=SETTINGS_FILE,
        extra="forbid",
        frozen=True,
    )

    home: LocalPath = Field(default=Path(), description="folder that holds lake/, state/ and warehouse.duckdb")
    lake_address: LakeAddress | None = Field(
        default=None,
        description="place of the lake's parts: s3://bucket/prefix, or another folder; default: lake/ of the home",
    )
    lake_endpoint_url: HttpUrl | None = Field(
        default=None, description="endpoint of the S3-compatible store of lake_address; default: AWS"
    )
    min_free_gb: float = Field(
        default=1.0, ge=0, description="free space in GB that a run needs on the home's disk before it starts"
    )
    blocklist: list[str] = Field(
        default=[],
        description="hosts, with their subdomains, and regular expressions over urls: never crawled, shown or released",
    )
    crawl: Crawl = Crawl()
    environments: Environments = Environments()
    sandbox: SandboxSettings = SandboxSettings()
    tasks: Tasks = Tasks()
    teacher: Teacher = Teacher()
    rollout: Rollout = Rollout()
    judge: Judge = Judge()
    refine: Refine = Refine()
    publish: Publish = Publish()
    retention: Retention = Retention()
    schedule: Schedule = Schedule()
    engine: Engine = Engine()
    notify: Notify = Notify()

    @field_validator("lake_address", "lake_endpoint_url", mode="before")
    @classmethod
    def _empty_unsets(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("blocklist")
    @classmethod
    def _valid_blocklist(cls, entries: list[str]) -> list[str]:
        try:
            Blocklist(entries)
        except NotCrawlable as error:
            raise ValueError(str(error)) from error
        return entries

    @property
    def lake(self) -> Path:
        """Root of the lake: a folder, or a path in a bucket that has the methods of one."""
        if self.lake_address is None:
            return self.home / "lake"
        if not self.lake_address.startswith(S3):
            return Path(self.lake_address)
        from warehouse.objects import place_of

        return place_of(self.lake_address, self.lake_endpoint_url, self.home / "lake")

    @property
    def state(self) -> Path:
        """Folder of small mutable state: crawl frontier, rollout journal, search index, spill files."""
        return self.home / "state"

    @property
    def logs(self) -> Path:
        """Folder of the logs of servers that the factory starts."""
        return self.state / "logs"

    @property
    def judge_teacher(self) -> Teacher:
        """The model that judges: `[judge.teacher]` if it holds any key, else the teacher."""
        own = self.judge.teacher
        return own if own.model_fields_set else self.teacher

    @property
    def deployment(self) -> str:
        """Name of this home's deployment of the nightly; part of the keys of its artifacts."""
        return self.schedule.deployment or deployment_of(self.home)

    @property
    def warehouse(self) -> Path:
        """Path of the DuckDB file that holds the views."""
        return self.home / "warehouse.duckdb"

    def within(self, max_tokens: int | None, max_hours: float | None) -> "Settings":
        """A copy with another rollout budget (sampled tokens, hours); None keeps the present one.

        Raises SettingsError on a budget that is not positive.
        """
        overrides = {"max_tokens": max_tokens, "max_hours": max_hours}
        given = {name: value for name, value in overrides.items() if value is not None}
        try:
            budgeted = Rollout.model_validate(self.rollout.model_dump() | given)
        except ValidationError as error:
            raise _settings_error(error) from error
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
        """Order of precedence: arguments, environment variables, `factory.toml`."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load() -> Settings:
    """Read the settings of the working directory, and take domains from the folders that they name.

    Raises SettingsError that names every invalid key.
    """
    from flows.domains.finding import use_folders

    try:
        settings = Settings()
    except ValidationError as error:
        raise _settings_error(error) from error
    except VariableError as error:
        raise SettingsError(
            f"{error}: write the variable of a list as JSON, such as FACTORY_BLOCKLIST='[\"ads.example.org\"]'"
        ) from error
    except ValueError as error:
        raise SettingsError(f"{SETTINGS_FILE} cannot be read: {error}") from error
    use_folders(settings.tasks.domain_folders)
    return settings


def _settings_error(error: ValidationError) -> SettingsError:
    return SettingsError("\n".join(_explain(item) for item in error.errors()))


def _explain(item: ErrorDetails) -> str:
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        if key in RENAMED:
            return f"{key}: this setting is now called {RENAMED[key]}. Rename it in {SETTINGS_FILE} (or its variable)."
        return f"{key}: no such setting. `factory init` writes a file with all of them."
    reason = item["msg"].removeprefix("Value error, ")
    return f"{key}: {reason}" if _may_hold_secret(item["loc"]) else f"{key} = {item['input']!r}: {reason}"


def _may_hold_secret(place: tuple[int | str, ...]) -> bool:
    """True if the setting at this place is a secret, a list of secrets, or a section with one."""
    kind: Any = Settings
    for part in place:
        if isinstance(part, int) and get_origin(kind) is list:
            [kind] = get_args(kind)
        fields = getattr(kind, "model_fields", {})
        kind = fields[part].annotation if part in fields else kind
    return _holds_secret(kind)


def _holds_secret(kind: Any) -> bool:
    inner = (field.annotation for field in getattr(kind, "model_fields", {}).values())
    return "SecretStr" in str(kind) or any(map(_holds_secret, (*get_args(kind), *inner)))
