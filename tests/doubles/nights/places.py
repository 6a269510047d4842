"""The homes of one night in several places: on one machine, on a Ray cluster, with the lake in a bucket.

The night has tasks of two domains, of which one is composed by the cluster, works them in one process or more, and is
released in a student's tokens: all that spreads is done.
"""

import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flows.rollout.monitor.run_status import read_status
from schemas import RECORDS, Record, Rollout, Unfinished, sha256_text
from tests.doubles.lakes.scattered_lake import write_scattered_lake
from tests.doubles.nights.killed_rollouts import IN_FLIGHT, PROBE
from tests.doubles.nights.line_world import SETTINGS, World, start_line
from tests.doubles.ray_cluster import SmallCluster
from tests.doubles.stores.s3 import S3Server
from tests.doubles.teachers.fake_state import Exchange
from tests.doubles.teachers.fake_vllm import digest
from tests.flows.publish.test_publish import digests
from tests.flows.rollout.timeless import CLOCK
from tests.flows.tasks.reading import rows_of
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.integrity.lake_check import check_lake
from warehouse.lake import Lake
from warehouse.objects import place_of
from warehouse.query import run_checks

CONTEXT = 262_144
MOMENT = re.compile(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:[\d.]+Z)?")
BUCKET = "lakes"
_TASKS = f"""per_night = 24
samples = 2
composers = ["cloze", "tool_chain"]
share = {{{{ search = 23, general_agentic = 1 }}}}
max_tokens = {CONTEXT}"""
_NIGHT = (
    SETTINGS.replace('per_night = 12\nsamples = 2\ncomposers = ["cloze"]', _TASKS)
    .replace("[rollout]", f"context_window = {CONTEXT}\n[rollout]")
    .replace("max_in_flight = 4", "max_in_flight = 4\nprocesses = {{processes}}")
)
_STUDENT = """
[publish]
validation_share = 0.3
student = "{tokenizer}"
student_renderer = "qwen3"
"""
_RAY = """
[engine]
kind = "ray"
address = "{address}"
"""


EARLIER = date(2025, 12, 31)
EARLIER_TASKS = 5
"""Tasks of an earlier night whose attempts lie in a part each, so that the cluster is worth its start."""
PLACE = {"warc_file", "warc_offset", "location", "manifest"}
TIMES = CLOCK | PLACE | {"fetched_at", "created_at", "decided_at", "published_at", "teacher_seconds", "gpu_seconds"}
"""Columns that differ between places: times, and where a file is. Manifests are compared as files of the release."""
RUNS: frozenset[type[Record]] = frozenset({Rollout, Unfinished})
"""Records of runs, of which a night that was killed has several."""


@dataclass(frozen=True)
class Place:
    """A home, and its lake as it is read without faults."""

    home: Path
    lake: Lake

    def rows(self, model: type[Record]) -> list[str]:
        """The rows of a record without the columns that differ between places, sorted."""
        kept = ({name: row[name] for name in row if name not in TIMES} for row in rows_of(self.lake, model))
        return sorted(map(repr, kept))

    def release(self) -> dict[str, str]:
        """Path -> hash of each file of the newest release, of texts without their times."""
        root = self.home / "release/latest"
        texts = {path.name: MOMENT.sub("TIME", path.read_text()) for path in root.iterdir() if path.is_file()}
        return digests(root.resolve()) | {name: sha256_text(text) for name, text in texts.items()}

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the night, or go on with it, as a process."""
        return start_line(self.home)

    def stage(self) -> str:
        """Where the night is: before, in, or after its rollout."""
        status = read_status(self.home / "state")
        return "before" if status is None else "after" if status.ending == "done" else "in"

    def log(self) -> str:
        return (self.home / "log.txt").read_text(errors="replace")[-3000:]


class Places:
    """Makes homes of the same night."""

    def __init__(self, world: World, cluster: SmallCluster, store: S3Server) -> None:
        self.world, self.cluster, self.store = world, cluster, store

    def home(self, name: str, *, processes: int = 1, ray: bool = False, endpoint: str = "") -> Place:
        """A home whose lake is in the store, which it reaches at the endpoint, if there is one."""
        settings = (_NIGHT + _STUDENT).replace("{{processes}}", str(processes))
        settings += _RAY.format(address=self.cluster.address) if ray else ""
        local, address = self.world.folder / name / "lake", f"s3://{BUCKET}/{name}"
        home = self.world.home(name, place_of(address, endpoint, local) if endpoint else None, settings)
        del self.world.scholar.lakes[1:]  # the tasks are the same, and the store may be away
        lake = Lake(place_of(address, self.store.endpoint, local) if endpoint else local)
        write_scattered_lake(lake, EARLIER, n_tasks=EARLIER_TASKS)
        return Place(home, lake)


class Prompts(list[Exchange]):
    """The prompts of all completions but probes, each as its hash: long attempts would fill the memory."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def append(self, exchange: Exchange) -> None:
        if list(exchange.prompt_ids) != PROBE:
            self.seen.append(digest(list(exchange.prompt_ids), exchange.body))


def assert_same_night(found: Place, expected: Place, but: frozenset[type[Record]] = frozenset()) -> None:
    """The rows of all records but some are equal, the releases too, every count adds up, and no part is damaged."""
    for model in (one for one in RECORDS if one not in but):
        assert found.rows(model) == expected.rows(model), model.record
    assert found.release() == expected.release()
    with connect(found.lake) as con:
        assert not {name: rows for name, rows in run_checks(con).items() if rows}
    assert not check_lake(found.lake, silent).faults


def assert_only_turns_in_flight_were_sampled_again(sampled: list[str], expected: set[str], ends: list[int]) -> None:
    """No further prompt was sampled, and of those sampled twice no more follow an end than were in flight.

    `ends` are numbers of prompts that were sampled when a process or the store was gone.
    """
    assert set(sampled) == expected
    last, again = dict[str, int](), Counter[int]()
    for number, prompt in enumerate(sampled):
        if prompt in last:
            again[next(end for end in ends if last[prompt] < end <= number)] += 1
        last[prompt] = number
    assert max(again.values(), default=0) <= IN_FLIGHT, again
