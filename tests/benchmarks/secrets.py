"""How well secrets are found and at what speed, on planted ones and on clean code and logs of this machine.

Recall: planted secrets that are redacted as their kind. Precision: of all finds, those that were planted; the
clean texts are Python's standard library, its own test suite apart, and the system's logs, in which every find
counts as wrong, but an email address: those of authors are real.
"""

import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

from sources.privacy.redaction import count_kinds, find, redact
from tests.benchmarks.figure import Figure
from tests.doubles.lakes.planted import planted

PLANTED = 5_000
ROWS_AT_ONCE = 2_048
LOGS = Path("/var/log")
MOST_BYTES = 20_000_000


def figures() -> Iterator[Figure]:
    redact("")
    made = list(planted(PLANTED, seed=99))
    right = sum(one.kind in redact(one.text)[1] for one in made)
    code, logs = _code(), _logs()
    wrong = sum(one.kind != "email" for text in code + logs for one in find(text))
    kinds = len({one.kind for one in made})
    yield Figure("secrets.recall", right / PLANTED, "ratio", f"{PLANTED} planted of {kinds} kinds")
    megabytes = sum(map(len, code + logs)) / 1e6
    clean = f"{megabytes:.1f} MB of clean code and logs"
    yield Figure("secrets.precision", round(right / (right + wrong), 4), "ratio", f"{PLANTED} planted and {clean}")
    yield Figure("secrets.wrong_per_mb", round(wrong / megabytes, 3), "finds/MB", clean)
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


def _code() -> list[str]:
    library = Path(sysconfig.get_paths()["stdlib"])
    found = sorted(path for path in library.rglob("*.py") if not {"test", "tests", "site-packages"} & set(path.parts))
    return [path.read_text("utf-8", "replace") for path in found]


def _logs() -> list[str]:
    files = sorted(path for path in LOGS.rglob("*") if path.is_file() and path.suffix in ("", ".log"))
    texts = [path.read_bytes()[:MOST_BYTES].decode("utf-8", "replace") for path in files]
    return [text for text in texts if "\0" not in text]
