"""The sections of the settings: every key with its default, what it is for, and what it may be.

`settings.py` gathers them into one Settings object; `factory init` writes them down with these words.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from flows.settings.types import Least, Memory, Mirror, Positive, Seconds, Share


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Crawl(Section):
    """Where pages come from, and how politely."""

    seeds: list[str] = Field(default=[], description="urls to start from; with none and no folders: the embedded site")
    sitemaps: list[str] = Field(default=[], description="sitemap urls whose pages are crawled too")
    folders: list[Path] = Field(default=[], description="folders of Markdown, text and HTML files to read")
    allow: list[str] = Field(
        default=[], description="regular expressions; a url must match one (none: the seeds' hosts)"
    )
    deny: list[str] = Field(default=[], description="regular expressions; a url that matches one is not fetched")
    max_pages: Positive = Field(default=400, description="pages fetched a night")
    max_depth: Positive = Field(default=8, description="links followed from a seed")
    obey_robots: bool = Field(default=True, description="obey robots.txt and its crawl-delay")
    allow_addresses: list[str] = Field(
        default=[], description="private networks that may be crawled, such as 10.0.0.0/8"
    )
    user_agent: str = Field(default="HorizonFactory/0.1", description="sent with each request; add a contact address")
    delay_s: Seconds = Field(default=0.0, description="least seconds between two requests to one host")
    per_host: Positive = Field(default=2, description="requests in flight to one host")
    concurrency: Positive = Field(default=16, description="pages in hand in all: asked for, or being read")
    timeout_s: Seconds = Field(default=20.0, description="longest that one page may take, in all")
    retries: int = Field(default=3, ge=0, description="further tries of a page after a passing failure")
    max_bytes: Positive = Field(default=5_000_000, description="largest page, after decompression")
    max_redirects: int = Field(default=5, ge=0, description="redirects followed for one page")
    license: str | None = Field(default=None, description="license of the pages, recorded with each")
    redact: bool = Field(default=True, description="take secrets and personal data out of pages before they are kept")
    keep_raw: bool = Field(
        default=True, description="keep raw replies in lake/raw (WARC); redact holds for them, or they are not kept"
    )


class Tasks(Section):
    """How many tasks are made a night, and how hard."""

    per_night: Positive = Field(default=40, description="tasks composed a night")
    samples: Positive = Field(default=2, description="attempts planned for each task (k)")
    composers: list[Literal["cloze", "written"]] = Field(default=["cloze"], description="composers, used in turn")
    min_hops: int = Field(default=1, ge=1, le=4, description="fewest hyperlinks walked")
    max_hops: int = Field(default=4, ge=1, le=4, description="most hyperlinks walked")
    min_page_chars: Positive = Field(default=400, description="shorter pages are near-empty and not walked")
    seed: int = Field(default=20260101, description="seed of walks and masks")
    max_turns: Positive = Field(default=12, description="budget of a task: assistant turns")
    max_tokens: Positive = Field(default=131_072, description="budget of a task: tokens of context")
    max_seconds: int = Field(default=0, ge=0, description="budget of a task: seconds of teacher and tools, 0 for none")
    memory_limit: Memory = Field(default="2GB", description="DuckDB's memory, the rest spills to disk")


class Teacher(Section):
    """The model that works the tasks."""

    engine: Literal["embedded", "vllm"] = Field(default="embedded", description="embedded needs no GPU; vllm is HTTP")
    urls: list[str] = Field(default=[], description="vLLM servers that already run; empty: the flow starts one itself")
    model: str | None = Field(default=None, description="model name or path (vllm), or a GGUF file (embedded)")
    revision: str | None = Field(default=None, description="revision of the model")
    tokenizer: str | None = Field(default=None, description="tokenizer name or path; default: the model's")
    renderer: str = Field(default="auto", description="renderer of the chat dialect, as `renderers` names it")
    dialect: Literal["auto", "chat", "text"] = Field(
        default="auto", description="auto: text for embedded, chat for vllm"
    )
    api_key: SecretStr | None = Field(default=None, description="sent as a bearer token")
    environment: Path = Field(
        default=Path("~/.cache/horizon-factory/teacher"), description="the teacher's own environment"
    )
    tensor_parallel: Positive = Field(default=1, description="GPUs that one started server spreads a model over")
    data_parallel: Positive = Field(default=1, description="copies of the model behind one started server")
    ca_file: Path | None = Field(default=None, description="certificates to trust for https urls, a PEM file")
    client_cert: Path | None = Field(default=None, description="our own certificate for https urls, a PEM file")
    client_key: Path | None = Field(default=None, description="the key of client_cert, a PEM file")
    verify_tls: bool = Field(default=True, description="refuse servers whose certificate cannot be verified")
    restarts: int = Field(
        default=3, ge=0, description="times in an hour that a started server that died is started again"
    )
    serve_args: list[str] = Field(default=[], description="further arguments of the vLLM server that the flow starts")
    context: Positive = Field(default=262_144, description="model window in tokens, lowered to what the server says")
    temperature: float = Field(default=0.7, ge=0, description="sampling temperature of the chat dialect")
    top_p: Share = Field(default=0.95, description="nucleus sampling")
    max_completion: Positive = Field(default=8_192, description="most tokens sampled in one turn")
    seed: int = Field(default=0, description="seed that each attempt's seed is made from")
    timeout_s: Seconds = Field(default=0.0, description="longest wait for one generation, 0 for no limit")
    retries: int = Field(default=5, ge=0, description="further tries of a generation after a passing failure")


class Rollout(Section):
    """How many attempts work at once, and what ends one."""

    in_flight: Positive | None = Field(
        default=None, description="most trajectories in flight; none: 4 embedded, 1024 vllm"
    )
    kv_share: float = Field(
        default=0.9, gt=0, le=1, description="share of the servers' KV cache that contexts in flight may fill"
    )
    max_tokens: Positive | None = Field(default=None, description="stop a run after this many sampled tokens")
    max_hours: float | None = Field(default=None, gt=0, description="stop a run after this many hours")
    repeat_limit: int = Field(
        default=16, ge=0, description="times on end that a generation may repeat itself, 0 for any number"
    )
    tool_workers: int = Field(default=1, ge=0, description="processes for tools that keep a core busy, 0: threads only")
    tool_timeout_s: Seconds = Field(default=30.0, description="longest that a tool may take")
    tool_retries: int = Field(default=3, ge=0, description="further tries of a tool that faults")
    attempts: Positive = Field(default=3, description="starts of an attempt that aborts, before it is given up")
    observation_chars: Positive = Field(
        default=8_000, description="longest observation, the rest is dropped and counted"
    )
    same_call_limit: Positive = Field(default=4, description="equal calls in a row that end an attempt as looped")
    redact: bool = Field(
        default=True, description="take secrets and personal data out of what tools return, before the model sees it"
    )


class BenchmarkFiles(Section):
    """A benchmark that no released trajectory may repeat."""

    path: Path = Field(description="a JSONL, Parquet or CSV file, or a folder of them")
    columns: list[str] = Field(min_length=1, description="columns whose texts are its items")
    name: str | None = Field(default=None, description="its name in manifests; none: the file's")
    version: str | None = Field(default=None, description="its version in manifests")


class Refine(Section):
    """Which gates decide, and with what parameters."""

    off: list[str] = Field(default=[], description="gates that run and record their verdict but do not decide")
    min_calls: Least = Field(default=1, description="fewest tool calls of a kept trajectory")
    min_turns: Least = Field(default=1, description="fewest turns of the agent in a kept trajectory")
    min_calls_of: dict[str, Least] = Field(default={}, description="min_calls of single domains, by name")
    min_turns_of: dict[str, Least] = Field(default={}, description="min_turns of single domains, by name")
    unfit_calls: Share = Field(default=0.2, description="share of calls that may miss their tool's schema, if refused")
    repeated_share: Share = Field(
        default=0.5, description="share of a message, or of the messages, that is repetition from which one is refused"
    )
    foreign_share: float = Field(
        default=0.05,
        ge=0.01,
        le=1,
        description="share of a message's letters from a script that no page holds, from which it is refused",
    )
    mirrors: list[Mirror] = Field(
        default=[
            "huggingface.co/datasets/",
            "hf.co/datasets/",
            "hf-mirror.com/datasets/",
            "paperswithcode.com/dataset/",
            "openaipublic.blob.core.windows.net/simple-evals/",
            "github.com/openai/simple-evals/",
        ],
        description="hosts and starts of paths that hold answers of benchmarks; an attempt that read one is refused",
    )
    process_verifiers: list[str] = Field(
        default=["evidence_consulted"], description="verifiers that say how an attempt worked, not whether it is right"
    )
    benchmarks: list[BenchmarkFiles] = Field(
        default=[],
        description="checked for overlaps with tasks, answers and queries, "
        'such as [{path = "gaia.jsonl", columns = ["Question"], version = "2023"}]',
    )
    let_pass: list[str] = Field(
        default=[], description="kinds of secrets and personal data that a kept attempt may hold, such as email"
    )
    loop_repeats: int = Field(
        default=3, ge=2, description="times on end that the same calls (one, two or three in turn) make a loop"
    )
    near_similarity: Share = Field(
        default=0.75, description="share of the turns of both with a counterpart from which two are duplicates"
    )
    memory_limit: Memory = Field(
        default="50%", description="DuckDB's memory: a size, or a share of all RAM; the rest spills to disk"
    )


class Publish(Section):
    """Where releases go and how their shards are cut."""

    to: str = Field(default="release", description="directory, s3://bucket/prefix or hf://datasets/owner/name")
    endpoint_url: str | None = Field(
        default=None, description="S3-compatible endpoint, or another Hub; none: AWS, huggingface.co"
    )
    sole_publisher: bool = Field(
        default=False, description="nothing else publishes there: also a store without conditional writes will do"
    )
    name: str = Field(default="horizon-trajectories", description="the dataset's name on its card")
    license: str = Field(default="other", description="license on the dataset card, a Hub identifier")
    validation_share: Share = Field(default=0.05, description="share of tasks in the validation split")
    seed: int = Field(default=0, description="seed of shuffle and split")
    student: Path | None = Field(default=None, description="the student's tokenizer with its chat template, a folder")
    student_renderer: str = Field(
        default="auto", description="renderer of the student, as `renderers` names it; auto: as its template writes"
    )
    window: Positive = Field(default=131_072, description="training window in tokens: longer rows are labelled")
    shard_mb: Positive = Field(default=512, description="a shard is closed when its file passes this size")
    memory_limit: Memory = Field(default="1GB", description="DuckDB's memory, the rest spills to disk")
    row_group_mb: Positive = Field(default=64, description="a row group is closed when its rows pass this size")


class Schedule(Section):
    """When `factory serve` runs the nightly."""

    cron: str = Field(default="0 2 * * *", description="cron expression")
    timezone: str = Field(default="UTC", description="IANA time zone of the cron expression")
