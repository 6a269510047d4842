"""Finds secrets and personal data in text, and puts typed placeholders in their place.

Patterns are matched by Kingfisher (MongoDB's scanner: its catalogue of services and `redaction.yml`, in one
pass of Vectorscan, without the GIL). What a pattern cannot say, such as a checksum, is in `is_plausible.py`
and runs on what was matched only. Rows of long columns are scanned many at once.
"""

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from kingfisher_sdk import Rules, Scanner

from schemas.record import sha256_text
from sources.privacy.pii_validators import PERSONAL, VALIDATORS, is_placeholder, is_plausible

CACHE = Path("~/.cache/horizon-factory/rules")
"""Where the compiled patterns stand: compiling takes seconds, loading a third of one."""
BETWEEN = b"\n\x1e\n"
"""What rows are joined with to be scanned at once: no pattern of a token runs across it."""
BLOT = b"\x1e"
"""What stands, byte for byte, where something was matched already: the edge of every pattern, and part of none."""
ESCAPE = re.compile(rb"\\[nrt]")
"""White space as JSON and code write it: its letter would join the word that follows, and hide where a token starts."""
OWN = "custom."


@dataclass(frozen=True)
class Finding:
    """A secret, or something that names a person; `start` and `end` count bytes of the text's UTF-8."""

    kind: str
    start: int
    end: int


def find(text: str) -> list[Finding]:
    """All that is found in the text, in order, none overlapping another."""
    return _find(text.encode("utf-8", "replace"))


def redact(text: str) -> tuple[str, dict[str, int]]:
    """The text with `[REDACTED:<kind>]` for each find, and how many of each kind; redacting twice changes nothing."""
    found = find(text)
    if not found:
        return text, {}
    whole, pieces, end = text.encode("utf-8", "replace"), [], 0
    for one in found:
        pieces += [whole[end : one.start], f"[REDACTED:{one.kind}]".encode()]
        end = one.end
    return b"".join([*pieces, whole[end:]]).decode(), dict(Counter(one.kind for one in found))


def count_kinds(texts: Sequence[str | None]) -> list[str | None]:
    """For each text, JSON of kind -> how many, sorted; None where nothing is found."""
    rows = [(text or "").encode("utf-8", "replace") for text in texts]
    counts: list[str | None] = [None] * len(rows)
    for place in _suspects(rows):
        if found := _find(rows[place]):
            counts[place] = as_json(Counter(one.kind for one in found))
    return counts


def count_written(turns: pa.RecordBatch) -> list[str | None]:
    """For each turn what count_kinds says of its content, reasoning and tool_calls, which nobody may redact."""
    content, reasoning, calls = (turns.column(name) for name in ("content", "reasoning", "tool_calls"))
    nothing, newline = pa.scalar("", pa.large_string()), pa.scalar("\n", pa.large_string())
    # a row of nulls alone would be left out
    content = pc.coalesce(content, nothing)
    return count_kinds(
        pc.binary_join_element_wise(content, reasoning, calls, newline, null_handling="skip").to_pylist()
    )


def as_json(counts: Mapping[str, int]) -> str:
    """Counts by kind as a turn's `redacted` holds them."""
    return json.dumps(counts, sort_keys=True)


def kinds() -> frozenset[str]:
    """Every kind that can be found."""
    return frozenset(_kind(rule["id"]) for rule in _rules().metadata() if rule["visible"])


@cache
def detector_version() -> str:
    """Changes when the same text could be judged otherwise."""
    own = (
        files("sources.privacy").joinpath(name).read_text("utf-8")
        for name in ("redaction.yml", "redaction.py", "pii_validators.py")
    )
    return sha256_text("\0".join([*own, version("kingfisher-secret-scanner"), version("phonenumberslite")]))[:16]


@cache
def _rules() -> Rules:
    own = files("sources.privacy").joinpath("redaction.yml")
    return Rules([str(own)], confidence="medium", cache_dir=CACHE.expanduser())


@cache
def _scanner() -> Scanner:
    return Scanner(_rules(), base64=False)


def _find(text: bytes) -> list[Finding]:
    """All finds, in order. A match takes of its neighbour's edge: so it is blotted out and the rest read again.

    What an earlier reading found wins over a later one, and of what overlaps in one reading the first by `_rank`.
    """
    kept: list[Finding] = []
    text = _unescaped(text)
    rest = bytearray(text)
    while matches := [one for one in _matches(bytes(rest)) if rest[one.start : one.end].strip(BLOT)]:
        for one in sorted((match for match in matches if _is_meant(match, text)), key=_rank):
            if BLOT not in rest[one.start : one.end]:
                kept.append(one)
                _blot(rest, one)
        for one in matches:
            _blot(rest, one)
    return sorted(kept, key=lambda one: one.start)


def _unescaped(text: bytes) -> bytes:
    """The text with white space for its escapes, of their length: a find stands where it stood."""
    return ESCAPE.sub(b" \n", text)


def _matches(text: bytes) -> Iterator[Finding]:
    for match in _scanner().scan(text):
        if match.visible:
            place = match.location
            yield Finding(_kind(match.rule_id), place["start_offset"], place["end_offset"])


def _is_meant(one: Finding, text: bytes) -> bool:
    """Could the match be what its pattern looks for, and no placeholder?"""
    secret, before = text[one.start : one.end].decode("utf-8", "replace"), text[max(0, one.start - 60) : one.start]
    return not is_placeholder(secret) and (one.kind not in VALIDATORS or is_plausible(one.kind, secret, before))


def _blot(text: bytearray, one: Finding) -> None:
    text[one.start : one.end] = BLOT * (one.end - one.start)


def _rank(one: Finding) -> tuple[bool, bool, int, int, str]:
    """Of two finds that overlap the first is taken: a secret, one of our own kinds, the longer."""
    return one.kind in PERSONAL, one.kind not in _own_kinds(), one.start - one.end, one.start, one.kind


@cache
def _own_kinds() -> frozenset[str]:
    return frozenset(_kind(rule["id"]) for rule in _rules().metadata() if rule["id"].startswith(OWN))


@cache
def _kind(rule_id: str) -> str:
    """`betterleaks.github-pat.1` is the kind `github_pat`."""
    name = rule_id.removeprefix(OWN).removeprefix("betterleaks.").removeprefix("veles.secrets/")
    return (
        name.rstrip(".0123456789").replace("-", "_") if name[-1:].isdigit() and "." in name else name.replace("-", "_")
    )


def _suspects(rows: Sequence[bytes]) -> list[int]:
    """Places of the rows that a match touches when all are scanned as one text; each is then judged alone."""
    starts, at = [], 0
    for row in rows:
        starts.append(at)
        at += len(row) + len(BETWEEN)
    touched: set[int] = set()
    for match in _scanner().scan(_unescaped(BETWEEN.join(rows))):
        if match.visible:
            place = match.location
            first = bisect_right(starts, place["start_offset"]) - 1
            last = bisect_right(starts, max(place["start_offset"], place["end_offset"] - 1)) - 1
            touched.update(range(first, last + 1))
    return sorted(touched)
