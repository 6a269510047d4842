"""Finds secrets and personal data in text and replaces them by typed placeholders, `[REDACTED:<kind>]`.

Kingfisher (MongoDB's secret scanner) matches its own catalogue and `redaction.yml` in one pass of Vectorscan,
without the GIL. Checksums and similar rules are in `*_validators.py` and run on matches only. Many rows of a
column are scanned in one call.
"""

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from kingfisher_sdk import Rules, Scanner

from schemas.record import sha256_text
from sources.privacy.mail_validators import names_author
from sources.privacy.pii_validators import PERSONAL, VALIDATORS, is_plausible
from sources.privacy.secret_validators import is_placeholder

CACHE = Path("~/.cache/horizon-factory/rules")
"""Folder of the compiled patterns: compiling takes seconds, loading a third of a second."""
BETWEEN = b"\n\x1e\n"
"""Separator of rows that are scanned together: no pattern of a token matches across it."""
MASK = b"\x1e"
"""Replaces every byte of an earlier match: a token boundary for every pattern, and part of none."""
ESCAPE = re.compile(rb"\\[nrt]")
"""Escaped white space of JSON and code: its letter would join the next word and hide the start of a token."""
OWN = "custom."
"""Prefix of the rule ids in `redaction.yml`."""


@dataclass(frozen=True)
class Finding:
    """A secret or an item of personal data; `start` and `end` are byte offsets in the UTF-8 text."""

    kind: str
    start: int
    end: int


def find(text: str) -> list[Finding]:
    """Return all findings of a text, in order, none overlapping another."""
    return _find(text.encode("utf-8", "replace"))


def redact(text: str) -> tuple[str, dict[str, int]]:
    """Replace each finding by `[REDACTED:<kind>]`; return the text and the number of findings by kind. Idempotent."""
    findings = find(text)
    if not findings:
        return text, {}
    whole, pieces, end = text.encode("utf-8", "replace"), [], 0
    for finding in findings:
        pieces += [whole[end : finding.start], f"[REDACTED:{finding.kind}]".encode()]
        end = finding.end
    return b"".join([*pieces, whole[end:]]).decode(), dict(Counter(finding.kind for finding in findings))


def count_kinds(texts: Sequence[str | None]) -> list[str | None]:
    """For each text, return the number of findings by kind as sorted JSON; None if nothing is found."""
    rows = [(text or "").encode("utf-8", "replace") for text in texts]
    counts: list[str | None] = [None] * len(rows)
    for place in _suspects(rows):
        if findings := _find(rows[place]):
            counts[place] = as_json(Counter(finding.kind for finding in findings))
    return counts


def count_kinds_in_turns(turns: pa.RecordBatch) -> list[str | None]:
    """Apply count_kinds to each turn's content, reasoning and tool_calls, which are never redacted."""
    content, reasoning, calls = (turns.column(name) for name in ("content", "reasoning", "tool_calls"))
    nothing, newline = pa.scalar("", pa.large_string()), pa.scalar("\n", pa.large_string())
    # a row in which all three are null would otherwise be dropped
    content = pc.coalesce(content, nothing)
    return count_kinds(
        pc.binary_join_element_wise(content, reasoning, calls, newline, null_handling="skip").to_pylist()
    )


def as_json(counts: Mapping[str, int]) -> str:
    """Encode counts by kind for a turn's column `redacted`."""
    return json.dumps(counts, sort_keys=True)


def kinds() -> frozenset[str]:
    """Return every kind that the detector knows."""
    return frozenset(_kind(rule["id"]) for rule in _rules().metadata() if rule["visible"]) | {"author_email"}


@cache
def detector_version() -> str:
    """Return a hash of the patterns, validators and libraries: if it changes, the same text may give other findings."""
    folder = files("sources.privacy")
    rules = [file.name for file in folder.iterdir() if file.name.endswith("_validators.py")]
    names = ["redaction.yml", "mailboxes.toml", "redaction.py", *sorted(rules)]
    own = (folder.joinpath(name).read_text("utf-8") for name in names)
    return sha256_text("\0".join([*own, version("kingfisher-secret-scanner"), version("phonenumberslite")]))[:16]


@cache
def _rules() -> Rules:
    own = files("sources.privacy").joinpath("redaction.yml")
    return Rules([str(own)], confidence="medium", cache_dir=CACHE.expanduser())


@cache
def _scanner() -> Scanner:
    return Scanner(_rules(), base64=False)


def _find(text: bytes) -> list[Finding]:
    """Return all findings, in order, from repeated scans.

    A match consumes the boundary of its neighbour, so matches are masked and the rest is scanned again. Findings
    of an earlier scan win over later ones; of overlapping ones in a scan, the first by `_rank` wins.
    """
    findings: list[Finding] = []
    text = _unescaped(text)
    rest = bytearray(text)
    while matches := [match for match in _matches(bytes(rest)) if rest[match.start : match.end].strip(MASK)]:
        for match in sorted((match for match in matches if _is_valid(match, text)), key=_rank):
            if MASK not in rest[match.start : match.end]:
                findings.append(_refined(match, text))
                _mask(rest, match)
        for match in matches:
            _mask(rest, match)
    return sorted(findings, key=lambda finding: finding.start)


def _unescaped(text: bytes) -> bytes:
    """Replace escapes by white space of the same length, so that offsets stay valid."""
    return ESCAPE.sub(b" \n", text)


def _matches(text: bytes) -> Iterator[Finding]:
    for match in _scanner().scan(text):
        if match.visible:
            place = match.location
            yield Finding(_kind(match.rule_id), place["start_offset"], place["end_offset"])


def _is_valid(match: Finding, text: bytes) -> bool:
    """True if the match passes its validator and is not a placeholder."""
    secret = text[match.start : match.end].decode("utf-8", "replace")
    before = text[max(0, match.start - 120) : match.start]
    return not is_placeholder(secret) and (match.kind not in VALIDATORS or is_plausible(match.kind, secret, before))


def _refined(match: Finding, text: bytes) -> Finding:
    """The finding, as `author_email` where git or a package names an author."""
    before = (b"\n" + text)[max(0, match.start - 299) : match.start + 1].decode("utf-8", "replace")
    after = text[match.end : match.end + 120].decode("utf-8", "replace")
    return replace(match, kind="author_email") if match.kind == "email" and names_author(before, after) else match


def _mask(text: bytearray, match: Finding) -> None:
    text[match.start : match.end] = MASK * (match.end - match.start)


def _rank(match: Finding) -> tuple[bool, bool, int, int, str]:
    """Order of preference among overlapping matches: secrets first, then kinds of `redaction.yml`, then the longer."""
    return match.kind in PERSONAL, match.kind not in _own_kinds(), match.start - match.end, match.start, match.kind


@cache
def _own_kinds() -> frozenset[str]:
    return frozenset(_kind(rule["id"]) for rule in _rules().metadata() if rule["id"].startswith(OWN))


@cache
def _kind(rule_id: str) -> str:
    """Return the kind of a rule: `github_pat` for `betterleaks.github-pat.1`."""
    name = rule_id.removeprefix(OWN).removeprefix("betterleaks.").removeprefix("veles.secrets/")
    return (
        name.rstrip(".0123456789").replace("-", "_") if name[-1:].isdigit() and "." in name else name.replace("-", "_")
    )


def _suspects(rows: Sequence[bytes]) -> list[int]:
    """Return the indexes of rows with a match when all are scanned as one text; each is then scanned separately."""
    starts, at = [], 0
    for row in rows:
        starts.append(at)
        at += len(row) + len(BETWEEN)
    suspects: set[int] = set()
    for match in _scanner().scan(_unescaped(BETWEEN.join(rows))):
        if match.visible:
            place = match.location
            first = bisect_right(starts, place["start_offset"]) - 1
            last = bisect_right(starts, max(place["start_offset"], place["end_offset"] - 1)) - 1
            suspects.update(range(first, last + 1))
    return sorted(suspects)
