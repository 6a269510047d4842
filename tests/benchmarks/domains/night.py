"""One `factory run` in an empty folder over a served site: tasks of every domain, each attempt with its verdicts.

The teacher is scripted (`tests/doubles/solver.py`). The full size serves Debian's Python documentation and takes the
default mix; smoke has one domain, and no Prefect.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from flows.domains import domains
from tests.benchmarks.figure import Figure, MissingTool, share
from tests.doubles.sites.wiki_site import wiki_site
from tests.doubles.solver import Solver
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import fake_vllm
from warehouse.connect import connect
from warehouse.lake import Lake

DOCS = (Path("/usr/share/doc/python3-doc/html"), Path("/usr/share/doc/python3/html"))
CONTEXT = 1_048_576
"""Window of the scripted teacher, whose tokens are bytes: its turns are long, and sixteen spaces no repetition."""
SETTINGS = """
[crawl]
seeds = ["{seed}"]
max_pages = {pages}
allow_addresses = ["127.0.0.1"]
[tasks]
per_night = {tasks}
samples = 1
max_tokens = {context}
{shares}
[rollout]
max_repetitions = 0
[environments]
packages = ["toolz"]
[teacher]
engine = "vllm"
urls = ["{teacher}"]
model = "tiny-qwen3"
tokenizer = "{tokenizer}"
renderer = "qwen3"
context_window = {context}
max_completion_tokens = 65536
"""
JUDGED = """
select count(*), count(judged.trajectory_id), count(*) filter (judged.passed)
from trajectories
left join (
    select trajectory_id, bool_or(passed) as passed from verdicts where turn_index is null group by 1
) as judged using (trajectory_id)
"""
FIGURES = tuple(f"domains.night.{name}" for name in ("missing", "judged", "solved", "without_horizon"))


class Size(NamedTuple):
    """Tasks of the night, pages crawled, domains (none: the default mix), and the program that runs the night."""

    tasks: int
    pages: int
    domains: tuple[str, ...]
    command: tuple[str, ...]


FACTORY = (str(Path(sys.executable).with_name("factory")), "run", "--date")
LINE = (sys.executable, "-m", "tests.doubles.line")
FULL, SMOKE = Size(14, 600, (), FACTORY), Size(1, 12, ("search",), LINE)


def figures(size: Size) -> Iterator[Figure]:
    """Domains without a task or a horizon, and the shares of attempts that were judged, and that passed."""
    chosen = size.domains or tuple(name for name, one in domains().items() if one.share)
    with tempfile.TemporaryDirectory() as folder, _site(size) as seed:
        home = Path(folder) / "home"
        home.mkdir()
        output = _night(home, size, seed)
        with connect(Lake(home / "lake")) as con:
            made = {name for (name,) in con.sql("select distinct domain from tasks").fetchall()}
            ((attempts, judged, solved),) = con.sql(JUDGED).fetchall()
        without_horizon = _without_horizon(home, chosen)
    missing, against = len(set(chosen) - made), f"{attempts} attempts in {len(chosen)} domains"
    yield Figure("domains.night.missing", missing, "domains", against)
    nothing = f"the night made no attempt:\n{output}"
    yield Figure("domains.night.judged", share(judged, attempts, nothing), "share", against)
    yield Figure("domains.night.solved", share(solved, attempts, nothing), "share", against)
    yield Figure("domains.night.without_horizon", without_horizon, "domains", "absent from `factory stats`")


def _night(home: Path, size: Size, seed: str) -> str:
    """Runs the night; the end of its output."""
    tokenizer = tiny.save(home.parent / "tokenizer")
    shares = "\n".join(["[tasks.share]" if size.domains else "", *(f"{name} = 1" for name in size.domains)])
    with fake_vllm(reply=Solver(home), context=CONTEXT) as teacher:
        text = SETTINGS.format(
            seed=seed, pages=size.pages, tasks=size.tasks, context=CONTEXT, shares=shares, teacher=teacher.url,
            tokenizer=tokenizer,
        )  # fmt: skip
        (home / "factory.toml").write_text(text, "utf-8")
        command = [*size.command, "2026-01-02"]
        environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
        ran = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    output = f"{ran.stdout[-1500:]}\n{ran.stderr[-1500:]}"
    if ran.returncode:
        raise RuntimeError(f"factory run ended with {ran.returncode}:\n{output}")
    return output


def _without_horizon(home: Path, chosen: Sequence[str]) -> int:
    """The number of domains without lengths in the output of `factory stats`."""
    printed = subprocess.run([FACTORY[0], "stats"], cwd=home, capture_output=True, text=True, check=True).stdout
    return sum(f"\n{name}: " not in printed for name in chosen)


@contextmanager
def _site(size: Size) -> Iterator[str]:
    """The address of the first page: Python's documentation, or a small wiki. Raises MissingTool without the former."""
    if size.domains:
        with wiki_site() as seed:
            yield seed
        return
    folder = next((one for one in DOCS if (one / "index.html").is_file()), None)
    if folder is None:
        raise MissingTool(
            "Python's documentation is not installed: apt-get install python3-doc", "FACTORY_REQUIRE_DOCS"
        )
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder.resolve()))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/index.html"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
