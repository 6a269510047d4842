"""Writes the dataset card (README.md) of a release, which describes it on the Hub and in its folder.

The YAML head lists the files of each split for the Hub; the body describes the columns, the origin of the rows and
the rejected attempts. The card follows from the lake and the settings alone, so that the same lake gives the same
card.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from flows.publish.build.segment_card import segment_columns, segment_section
from flows.publish.build.student_card import student_section
from flows.settings import Publish
from schemas import Manifest, arrow_schema
from schemas.shard import Message, ReleaseRow
from warehouse.connect import query

HUB_SIZES = [
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
]


@dataclass(frozen=True)
class _Rows:
    """The rows of a query, which runs once."""

    names: list[str]
    fetched: list[tuple[Any, ...]]

    def markdown(self) -> str:
        return _markdown(self.names, self.fetched)


def dataset_card(con: duckdb.DuckDBPyConnection, manifest: Manifest, settings: Publish) -> str:
    """The Markdown text of the card; reads the table `chosen` and the views of the connection."""
    imported = _rows(con, "imported_files")
    sections = [
        _head(manifest, settings),
        f"# {settings.name}",
        _opening(manifest, sum(file[-1] for file in imported.fetched)),
        *_without_ids(manifest),
        *_imported(imported),
        *segment_section(manifest),
        *student_section(manifest),
        "## How to load",
        _loading(manifest),
        "## Contents",
        _rows(con, "domains").markdown(),
        "### Tokens per trajectory",
        _rows(con, "length_histogram").markdown(),
        "## Outcome of every attempt",
        "These rows sum to the planned attempts: every attempt that is not released has a reason.",
        _rows(con, "release_funnel").markdown(),
        "## Teachers",
        "`token_ids` are in the vocabulary of the row's teacher: `template_sha256` is the hash of its chat template, "
        "`vocabulary_sha256` that of its tokenizer.",
        _rows(con, "teachers").markdown(),
        *_licenses(con),
        *_trust(con),
        *_benchmarks(con),
        "## Columns",
        "The metadata of each Arrow field holds the same descriptions.",
        _columns(arrow_schema(ReleaseRow), segment_columns(manifest)),
        "Fields of each of the `messages`:",
        _columns(arrow_schema(Message)),
    ]
    return "\n\n".join(sections) + "\n"


def _head(manifest: Manifest, settings: Publish) -> str:
    size = next((tag for limit, tag in HUB_SIZES if manifest.rows < limit), "n>10M")
    splits = dict.fromkeys(shard.split for shard in manifest.shards)
    files = [line for split in splits for line in (f"  - split: {split}", f"    path: data/{split}-*.parquet")]
    return "\n".join([
        "---",
        f"pretty_name: {json.dumps(settings.name)}",
        f"license: {settings.license}",
        "task_categories:",
        "- text-generation",
        "- question-answering",
        "size_categories:",
        f"- {size}",
        "tags:",
        *(f"- {tag}" for tag in ("agent", "trajectories", "tool-use", "long-horizon", "synthetic")),
        "configs:",
        "- config_name: default",
        "  data_files:",
        *files,
        "---",
    ])  # fmt: skip


def _opening(manifest: Manifest, imported: int) -> str:
    return (
        f"{_contents(manifest, imported)}\n\n"
        f"Release `{manifest.release_id}`"
        + (f", after `{manifest.parent}`" if manifest.parent else "")
        + f"; the newest trajectory ended {manifest.created_at:%Y-%m-%d %H:%M} UTC. `manifest.json` lists every file "
        "with its SHA-256, and the settings and gates that made it. No task is in two splits; rows are shuffled by a "
        "seeded hash."
    )


def _contents(manifest: Manifest, imported: int) -> str:
    """Origin of the rows: attempts of a teacher of this factory, rows of published data sets, or both."""
    released = manifest.n_trajectories
    exact = released > manifest.rows_without_ids
    content = (
        "the conversation, the tool schemas, and the exact token ids that the teacher read and sampled"
        if exact
        else "the conversation and the tool schemas"
    )
    rolled_out = (
        f"One row per {_grain(manifest)}: {content}. Tasks were made from crawled pages, and every row names the pages "
        "that hold its answer."
    )
    if not imported:
        return (
            f"{released:,} trajectories of a teacher model working tasks with tools, {manifest.tokens:,} tokens "
            f"in all. {rolled_out}"
        )
    if imported == released:
        return (
            f"{imported:,} trajectories imported from published data sets, which are listed below. One row per "
            f"{_grain(manifest)}: the conversation and the tool schemas as published, without token ids."
        )
    return (
        f"{released:,} trajectories, {manifest.tokens:,} tokens in all: {imported:,} are imported from published "
        f"data sets, which are listed below, and {released - imported:,} are of a teacher model working tasks "
        f"with tools. Of the latter: {rolled_out[0].lower()}{rolled_out[1:]}"
    )


def _grain(manifest: Manifest) -> str:
    if manifest.segments:
        return "context segment of a trajectory (see Segments and children)"
    return "trajectory" if manifest.trajectories is None else "segment of a trajectory (see Student tokens)"


def _loading(manifest: Manifest) -> str:
    files = ", ".join(
        f'"{split}": "data/{split}-*.parquet"' for split in dict.fromkeys(shard.split for shard in manifest.shards)
    )
    return (
        "In this directory:\n\n```python\nimport datasets, json\n\n"
        f'rows = datasets.load_dataset("parquet", data_files={{{files}}})\n'
        'row = next(iter(rows.values()))[0]\nrow["messages"], json.loads(row["tools"]), row["token_ids"]\n```\n\n'
        "Train on the tokens where `loss_mask` is true: those that the teacher sampled. A trainer that renders "
        "`messages` itself learns from those with `trainable`. `tool_calls` and `tools` are JSON strings, so that no "
        "reader pads them with nulls.\n\n"
        "Every shard has the same columns, in order and type. Its Parquet metadata (`horizon_...`) names its "
        "release, parent release, refine, code version, settings, gates, teachers and student, so that a shard alone "
        "can be traced: `pyarrow.parquet.read_metadata(path).metadata`."
    )


def _without_ids(manifest: Manifest) -> list[str]:
    """The section on rows that hold text only; empty if every row has its token ids."""
    count = manifest.rows_without_ids
    if not count:
        return []
    share = "All" if count == manifest.n_trajectories else f"{count:,} of the {manifest.n_trajectories:,}"
    return [
        "## Rows without token ids",
        f"{share} rows hold text only (`ids` = none): they come from an API that returns no token ids, or from an "
        "import. Their `token_ids`, `loss_mask` and `logprobs` are empty; `n_tokens` counts their text, or is 0. Train "
        "on their `messages`, or on `student_token_ids`, which a publish with a student's tokenizer fills.",
    ]


def _imported(files: _Rows) -> list[str]:
    """The section on imported rows; empty if there are none."""
    if not files.fetched:
        return []
    return [
        "## Imported rows",
        "These rows come from published data sets and passed the same gates. They have no token ids (`engine` is "
        "import, `token_ids` is empty, `n_tokens` counts their text or is 0), their messages are as published "
        "except for redacted secrets and personal data, and they name no pages. The "
        "licenses are as given to the import.",
        files.markdown(),
    ]


def _licenses(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The section on the licenses of the sources; empty if no trajectory depends on any."""
    licenses = _rows(con, "licenses")
    if not licenses.fetched:
        return []
    named = _rows(con, "attributions")
    return [
        "## Licenses of the sources",
        "As declared by the pages, source trees or data of each task, and by the pages that its tools opened. A "
        "trajectory of several licenses counts for each.",
        licenses.markdown(),
        *(["Sites and authors to be named, those of most pages first:", named.markdown()] if named.fetched else []),
    ]


def _trust(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The section on the verifiers' error rates; empty if no verdict was audited."""
    verifiers = _rows(con, "verifiers")
    if not verifiers.fetched:
        return []
    return [
        "## Error rates of the verifiers",
        "People judged a seeded sample of answers without seeing the verdicts, drawn equally from each combination of "
        "verdicts. `low` to `high` is the 95 % interval of the error rate (Wilson 1927; strata joined as by Zou and "
        "Donner 2008).",
        verifiers.markdown(),
    ]


def _benchmarks(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The section on decontamination; empty if no benchmark was checked."""
    benchmarks = _rows(con, "checked_benchmarks")
    if not benchmarks.fetched:
        return []
    return [
        "## Decontamination",
        "`overlapping` counts trajectories whose task, system prompt, answer, calls or other words of the agent repeat "
        "13 consecutive words of a benchmark's item, or the whole of a shorter one (after NFKC, case and space "
        "folding); pages that the agent read do not count. The gate `decontamination` rejects them.",
        benchmarks.markdown(),
    ]


def _columns(schema: pa.Schema, more: Sequence[tuple[str, str, str]] = ()) -> str:
    rows = [*((field.name, str(field.type), field.metadata[b"description"].decode()) for field in schema), *more]
    short = [
        (f"`{name}`", "list of structs" if kind.startswith("list<element: struct") else kind, text)
        for name, kind, text in rows
    ]
    return _markdown(("column", "type", "description"), short)


def _rows(con: duckdb.DuckDBPyConnection, name: str) -> _Rows:
    answer = con.execute(query("publish", name))
    return _Rows([column[0] for column in answer.description or ()], answer.fetchall())


def _markdown(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|")
