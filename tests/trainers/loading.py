"""Runs a trainer's own loader in its own environment on an export of the release, and reads its output."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.publish.views.export import export
from tests.trainers.install import REQUIREMENTS, python
from warehouse.console.progress import silent

MISSING = [trainer for trainer in REQUIREMENTS if not python(trainer).exists()]
needs_trainers = pytest.mark.skipif(
    bool(MISSING) and "FACTORY_REQUIRE_TRAINERS" not in os.environ,
    reason=f"no trainers' environment for {', '.join(MISSING)}: python -m tests.trainers.install",
)
LOADERS = Path(__file__).parent / "loaders"
Row = dict[str, Any]
PROPERTIES: dict[str, Any] = {
    "search": {"query": {"type": "string", "description": "Words <b>to find</b>, é"}},
    "open": {"url": {"type": "string"}, "page": {"type": "integer", "minimum": 1, "default": None}},
    "find": {"query": {"type": "string"}, "within": {"type": "object", "properties": {"lines": {"type": "integer"}}}},
}
TOOLS: list[Row] = [
    {
        "type": "function",
        "function": {"name": name, "description": name, "parameters": {"type": "object", "properties": properties}},
    }
    for name, properties in PROPERTIES.items()
]


def made_by(trainer: str, loader: str, home: Path, *arguments: str) -> list[Row]:
    """The rows that `loaders/with_<loader>.py` writes, run with the Python of `trainer`, without downloads."""
    out = home / f"{loader}-{'-'.join(Path(one).name for one in arguments)}.jsonl"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "MODELSCOPE_CACHE": str(home / "modelscope"),
    }
    done = subprocess.run(
        [str(python(trainer)), str(LOADERS / f"with_{loader}.py"), *arguments, str(out)],
        check=False,
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-4_000:]
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def released(home: Path) -> list[Row]:
    shards = sorted((home / "release" / "latest" / "data").glob("train-*.parquet"))
    return [row for shard in shards for row in pq.read_table(shard).to_pylist()]


def loaded(home: Path, view: str, trainer: str, template: str = "qwen3", student: str = "student") -> list[Row]:
    """The rows that the trainer's own loader makes of an export."""
    folder = home / "views" / view
    if not folder.exists():
        export(home / "release", view, folder, silent)
    return made_by(view, trainer, home, str(folder), str(home / student), template)
