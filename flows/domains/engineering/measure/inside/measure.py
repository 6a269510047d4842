"""Runs the tests of a tree inside a sandbox: once with the functions that each test calls, and once per changed tree.

Changed trees run in forks of one process, so that each costs a fraction of a second. Standard input holds the plan:
{"tree", "files", "ignore", "variants": [{"id", "files": {path: text}, "select": [ids]}], "seconds"}; without variants,
the functions are recorded. Results go to report.jsonl in the working directory, compiled files to `cache`.
"""

import json
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

WORK = Path("/workspace")
TREE = WORK / "tree"
CACHE, COMPILED = WORK / "cache", Path("/compiled")
"""Compiled files of this run, and those of an earlier one, which are read in their place."""
MEMORY, CPU_S = 2 * 2**30, 3
"""Bytes and processor seconds of a changed tree: an endless loop ends by them, however busy the machine is."""
OVERTIME = {signal.SIGXCPU, signal.SIGKILL}
"""Signals that end a process at its limit of processor seconds."""
OPTIONS = ("-q", "-p", "no:cacheprovider", "-p", "no:junitxml", "--tb=no", "--color=no", "--no-header")


def prepare(plan: dict[str, Any]) -> None:
    """Copy the tree, so that it can be changed, and put it on Python's path as the examination does."""
    shutil.copytree(plan["tree"], TREE, symlinks=True)
    (WORK / "own.ini").write_text("[pytest]\n", "utf-8")
    roots = [str(one) for one in (TREE / "src", TREE / "lib", TREE) if one.is_dir()]
    place = next((at for at, one in enumerate(sys.path) if "-packages" in one), len(sys.path))
    sys.path[place:place] = roots
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(COMPILED if COMPILED.is_dir() else CACHE)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.chdir(TREE)


def arguments(plan: dict[str, Any], select: list[str] | None) -> list[str]:
    """The arguments of pytest."""
    ignored = [f"--ignore={TREE / one}" for one in plan["ignore"]]
    files = plan["files"] if select is None else sorted({one.split("::")[0] for one in select})
    places = ["-c", str(WORK / "own.ini"), f"--rootdir={TREE}", f"--basetemp={WORK / 'tmp'}"]
    return [*places, *OPTIONS, *ignored, *files]


def warm_up(plan: dict[str, Any]) -> None:
    """Run pytest on an empty folder, so that the forks find its plugins imported."""
    import pytest

    (WORK / "empty").mkdir()
    pytest.main([*arguments(plan, []), str(WORK / "empty")])


def run_forked(work: Any, seconds: int, cpu_s: int) -> bool:
    """Do the work in a child with bounded time and memory; False if it took too long."""
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        quiet = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1):
            os.dup2(quiet, descriptor)
        try:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
            work()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    deadline = time.monotonic() + seconds
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        if time.monotonic() > deadline:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return False
        time.sleep(0.005)
    return not (os.WIFSIGNALED(ended[1]) and os.WTERMSIG(ended[1]) in OVERTIME)


def lay(files: dict[str, str], at: int) -> None:
    """Write files with a time of their own, so that no compiled file of another content is taken for theirs."""
    for path, text in files.items():
        (TREE / path).write_text(text, "utf-8", newline="")
        os.utime(TREE / path, (at, at))


def main() -> None:
    """Record the functions of each test, or run each variant."""
    plan = json.load(sys.stdin)
    prepare(plan)
    warm_up(plan)
    import pytest
    from recorders import Covering, Failing, Report  # type: ignore[import-not-found]

    if not plan["variants"]:
        report = Report(WORK / "report.jsonl", "", None)
        whole = arguments(plan, None)
        run_forked(lambda: pytest.main(whole, plugins=[Covering(report, TREE)]), plan["seconds"], plan["seconds"])
    for at, variant in enumerate(plan["variants"], 1):
        before = {path: (TREE / path).read_bytes().decode("utf-8") for path in variant["files"]}
        lay(variant["files"], 2_000_000_000 + at)
        report = Report(WORK / "report.jsonl", variant["id"], variant["select"])
        given = arguments(plan, variant["select"])
        ended = run_forked(
            lambda own=report, to=given: pytest.main(to, plugins=[Failing(own, TREE)]), plan["seconds"], CPU_S
        )
        report.line({"ended": ended})
        lay(before, 1_000_000_000)


if __name__ == "__main__":
    main()
