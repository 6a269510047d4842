"""What Prefect costs a night: the steps through the flow against the same steps called directly.

The overhead is taken on a home where all work is done (so that nothing else moves), and set against a
real small night over the embedded site with the embedded teacher.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figure import Figure

DAY = "2026-01-01"
PLAIN = [sys.executable, "-m", "tests.doubles.line", DAY]
THROUGH_PREFECT = [str(Path(sys.executable).with_name("factory")), "run", "--date", DAY]


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "factory.toml").write_text("[crawl]\nmax_pages = 60\n[tasks]\nper_night = 8\n")
        night = _seconds(PLAIN, home)
        plain = _seconds(PLAIN, home)
        overhead = _seconds(THROUGH_PREFECT, home) - plain
    yield Figure("nightly.orchestration_share", round(overhead / (night + overhead), 3), "share of wall time",
                 f"a night of 8 tasks, {night:.0f} s")  # fmt: skip
    yield Figure("nightly.orchestration_s", round(overhead, 1), "s", "the same steps called directly")


def _seconds(command: list[str], home: Path) -> float:
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    start = time.perf_counter()
    subprocess.run(command, cwd=home, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start
