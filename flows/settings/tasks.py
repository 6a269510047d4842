"""Settings of the tasks: how many are composed per night, of which domains, by which composers, with which budget."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from flows.settings.address import LocalPath
from flows.settings.section import Section
from flows.settings.types import Memory, Positive, Share

Probe = Literal["oracle", "shortcuts", "digest", "canary", "blind"]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class GivenTable(Section):
    """Tables of the user from which tasks of ML engineering are made."""

    path: LocalPath = Field(description="a CSV or Parquet file, or a folder of them with the same columns")
    target: str = Field(description="column to predict")
    metric: Literal["rmse", "mae", "log_loss", "auc", "f1_macro"] = Field(description="metric of predictions")
    split: str = Field(description="column of times or groups, by which test rows are apart from training rows")
    about: str = Field(default="", description="what the agent is to know of the table and its columns")


class Target(Section):
    """The length of an attempt that the tasks of a domain aim at; the shorter one counts where both are set."""

    calls: Positive | None = Field(
        default=None, description="tool calls of a careful attempt at a task of middle length"
    )
    tokens: Positive | None = Field(default=None, description="tokens of such an attempt, reasoning left out")


class Tasks(Section):
    """Number, difficulty and budget of the tasks."""

    per_night: Positive = Field(default=40, description="tasks composed per night")
    samples: Positive = Field(default=2, description="attempts planned per task (k)")
    share: dict[str, Weight] = Field(
        default={},
        description="domain -> its share of the tasks, relative to the other shares; {}: for a teacher that calls "
        "tools the mix of all domains that this machine can run, else the domains of composers, equally",
    )
    composers: list[str] = Field(
        default=["cloze"],
        description="names of composers, used in turn; of a domain without any here, all are used, as in the mix; with "
        "shares but without this key, all that need no teacher",
    )
    composer_share: dict[str, Share] = Field(
        default={"cloze": 0.05},
        description="composer -> its share of its domain's tasks where the domain is filled by all of its composers; "
        "those that are not named here share the rest equally. A night without any settings of tasks keeps to cloze",
    )
    domain_folders: list[LocalPath] = Field(
        default=[], description="folders of further domains, each a package that defines DOMAIN"
    )
    folders: list[LocalPath] = Field(
        default=[], description="task folders in Harbor's format, or folders of them; the domain task_folders"
    )
    tasksets: list[LocalPath] = Field(
        default=[], description="folders of packages with a taskset of verifiers; the domain task_folders"
    )
    tables: list[GivenTable] = Field(
        default=[], description="tables for tasks of ML engineering, a table [[tasks.tables]] for each"
    )
    target: dict[str, Target] = Field(
        default={},
        description="domain -> calls and tokens that its tasks aim at, where its composers can choose a length, as in "
        "search; levels of difficulty are shares of it",
    )
    pass_rate_band: tuple[Share, Share] = Field(
        default=(0.2, 0.8),
        description="pass rates of attempts toward which the composers' parts of a domain move, by those of all "
        "earlier nights; [0, 1]: they stay",
    )
    pass_rate_attempts: Positive = Field(
        default=20, description="judged attempts from which the pass rate of a composer counts"
    )
    probes: list[Probe] = Field(
        default=["oracle", "shortcuts", "digest", "canary"],
        description="what each task must pass: oracle, shortcuts, digest, canary; blind asks the teacher without tools",
    )
    probe_share: Share = Field(default=1.0, description="share of the tasks that are probed")
    blind_tries: Positive = Field(
        default=4, description="tries of the teacher without tools (blind), all of which fail"
    )
    reworded: Share = Field(
        default=0.0,
        description="share of the engineering tasks and of the questions over many pages whose instruction the teacher "
        "words, facts checked",
    )
    min_hops: int = Field(default=1, ge=1, le=4, description="minimum number of hyperlinks in a walk")
    max_hops: int = Field(default=4, ge=1, le=4, description="maximum number of hyperlinks in a walk")
    min_page_chars: Positive = Field(default=400, description="shorter pages are skipped as near-empty")
    seed: int = Field(default=20260101, description="seed of walks and masks")
    max_turns: Positive = Field(default=12, description="budget of a task: assistant turns; a composer may set its own")
    max_tokens: Positive = Field(default=131_072, description="budget of a task: tokens of context")
    max_seconds: int = Field(
        default=0, ge=0, description="budget of a task: seconds of teacher and tool time, 0 for no limit"
    )
    memory_limit: Memory = Field(default="2GB", description="DuckDB's memory limit; larger data spills to disk")

    @field_validator("pass_rate_band")
    @classmethod
    def _rising(cls, band: tuple[float, float]) -> tuple[float, float]:
        if band[0] >= band[1]:
            raise ValueError("give the lower pass rate first, such as [0.2, 0.8]")
        return band

    @field_validator("share")
    @classmethod
    def _some_share(cls, share: dict[str, float]) -> dict[str, float]:
        if share and not any(share.values()):
            raise ValueError("all shares are 0: give at least one domain a share, or leave the table out")
        return share
