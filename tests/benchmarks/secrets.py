"""Measures redaction: recall on planted secrets, precision on clean code and logs of this machine, and throughput.

Recall is the share of planted secrets that are redacted as their own kind, precision the share of all matches that
were planted. The clean texts are Python's standard library without its test suite, and the system's logs: every match
in them counts as wrong, except email addresses, since authors' addresses are real.
"""

import sysconfig
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sources.privacy.redaction import count_kinds, find, redact
from tests.benchmarks.figure import Figure
from tests.doubles.lakes.planted import planted

FIGURES = (
    "secrets.recall",
    "secrets.precision",
    "secrets.wrong_per_mb",
    "secrets.mb_per_s",
    "secrets.rows_mb_per_s",
)
ROWS_AT_ONCE = 2_048
LOGS = Path("/var/log")
MOST_BYTES = 20_000_000
"""Read of one log."""


@dataclass(frozen=True)
class Size:
    """Planted secrets, and clean files read (None: all of them)."""

    planted: int
    files: int | None


FULL, SMOKE = Size(5_000, None), Size(200, 20)


def figures(size: Size) -> Iterator[Figure]:
    """Recall, precision, wrong matches, and the throughput of whole files and of short rows."""
    redact("")
    made = list(planted(size.planted, seed=99))
    right = sum(one.kind in redact(one.text)[1] for one in made)
    code, logs = _code(size.files), _logs(size.files)
    wrong = sum(one.kind != "email" for text in code + logs for one in find(text))
    kinds = len({one.kind for one in made})
    yield Figure("secrets.recall", right / size.planted, "ratio", f"{size.planted} planted of {kinds} kinds")
    megabytes = sum(map(len, code + logs)) / 1e6
    clean = f"{megabytes:.1f} MB of clean code and logs"
    against = f"{size.planted} planted and {clean}"
    yield Figure("secrets.precision", round(right / (right + wrong), 4), "ratio", against)
    yield Figure("secrets.wrong_per_mb", round(wrong / megabytes, 3), "matches/MB", clean)
    started = time.perf_counter()
    for text in code:
        redact(text)
    yield Figure("secrets.mb_per_s", round(sum(map(len, code)) / 1e6 / (time.perf_counter() - started)), "MB/s")
    rows = [paragraph for text in code for paragraph in text.split("\n\n")]
    started = time.perf_counter()
    for first in range(0, len(rows), ROWS_AT_ONCE):
        count_kinds(rows[first : first + ROWS_AT_ONCE])
    took = time.perf_counter() - started
    yield Figure("secrets.rows_mb_per_s", round(sum(map(len, rows)) / 1e6 / took), "MB/s", f"{len(rows)} rows")


def _code(most: int | None) -> list[str]:
    library = Path(sysconfig.get_paths()["stdlib"])
    found = sorted(path for path in library.rglob("*.py") if not {"test", "tests", "site-packages"} & set(path.parts))
    return [path.read_text("utf-8", "replace") for path in found[:most]]


def _logs(most: int | None) -> list[str]:
    files = sorted(path for path in LOGS.rglob("*") if path.is_file() and path.suffix in ("", ".log"))
    texts = [path.read_bytes()[:MOST_BYTES].decode("utf-8", "replace") for path in files[:most]]
    return [text for text in texts if "\0" not in text]
