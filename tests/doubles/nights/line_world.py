"""A site, a teacher server and homes that use both: the whole line as processes that tests start, kill and compare."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import FakeVllm, Reply, assistant_turns, digest
from warehouse.objects import ObjectPath, parquet_source

DAY = "2026-01-01"
ROOT = Path(__file__).parents[3]

SETTINGS = """
[crawl]
seeds = ["{site}"]
allow_addresses = ["127.0.0.0/8"]
[tasks]
per_night = 12
samples = 2
composers = ["cloze"]
[teacher]
engine = "vllm"
urls = ["{teacher}"]
model = "tiny-qwen3"
tokenizer = "{tokenizer}"
renderer = "qwen3"
[rollout]
max_in_flight = 4
"""
"""The last table is open: further settings of a rollout may follow."""


class Scholar:
    """A scripted teacher that opens the right page and knows most answers, since it reads the tasks of its lakes."""

    def __init__(self, others: Reply | None = None) -> None:
        self.others = others
        """Replies to prompts about tasks without a page."""
        self.lakes: list[Path] = []
        self.answers: dict[str, tuple[str, str]] = {}
        """Answer and evidence page of each instruction."""

    def __call__(self, prompt_ids: list[int], body: dict[str, Any]) -> str:
        mark, known = digest(prompt_ids, body), self._answer(tiny.decode(prompt_ids))
        if known is None and self.others:
            return self.others(prompt_ids, body)
        answer, page = known or (None, "http://127.0.0.1/nowhere")
        if assistant_turns(prompt_ids) < 2:
            call = json.dumps({"name": "open", "arguments": {"url": page}})
            return f"<think>\nlook first\n</think>\n\n<tool_call>\n{call}\n</tool_call>"
        return f"It is {answer}." if answer and int(mark[0], 16) < 12 else "I do not know."

    def _answer(self, prompt: str) -> tuple[str, str] | None:
        found = self._known(prompt)
        if found is None:
            for part in (part for lake in self.lakes for part in (lake / "task").glob("date=2026*/*.parquet")):
                rows = pq.read_table(
                    parquet_source(part), columns=["instruction", "answer", "evidence", "path"]
                ).to_pylist()
                self.answers |= {row["instruction"]: (row["answer"], _page(row)) for row in rows if row["path"]}
        return found or self._known(prompt)

    def _known(self, prompt: str) -> tuple[str, str] | None:
        return next((known for instruction, known in self.answers.items() if instruction in prompt), None)


def _page(task: dict[str, Any]) -> str:
    return next(str(hop["url"]) for hop in task["path"] if hop["doc_id"] in task["evidence"])


class World:
    """A site, a teacher server, and homes that use both."""

    def __init__(self, folder: Path, site: str, teacher: FakeVllm, scholar: Scholar) -> None:
        self.folder, self.site, self.teacher, self.scholar = folder, site, teacher, scholar

    def home(self, name: str, lake: ObjectPath | None = None, settings: str = SETTINGS) -> Path:
        """A home whose lake is its own folder, or a place in a bucket."""
        home = self.folder / name
        home.mkdir()
        tokenizer = self.folder / "tokenizer"
        settings = settings.format(site=self.site, teacher=self.teacher.url, tokenizer=tokenizer)
        place = f'lake_address = "{lake}"\nlake_endpoint_url = "{lake.bucket.endpoint_url}"\n' if lake else ""
        (home / "factory.toml").write_text(place + settings)
        self.scholar.lakes.append(lake or home / "lake")
        return home

    def start(self, home: Path, night: str = DAY) -> "subprocess.Popen[bytes]":
        return start_line(home, night)


def start_line(home: Path, night: str = DAY) -> "subprocess.Popen[bytes]":
    """Start the line as a process in the home, or go on with it; its output goes to log.txt there."""
    command = [sys.executable, "-m", "tests.doubles.line", night]
    with (home / "log.txt").open("ab") as log:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.Popen(command, cwd=home, stdout=log, stderr=log, env=environment, start_new_session=True)
