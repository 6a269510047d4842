"""Decides an examination from the report of its run, with the key that never entered the sandbox."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.domains.engineering.examination.key import Key


@dataclass(frozen=True)
class Expected:
    """Ids of the rewritten tests."""

    fail_to_pass: frozenset[str]
    pass_to_pass: frozenset[str]
    must_fail: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Every test that a report must list, and no other."""
        return self.fail_to_pass | self.pass_to_pass | self.must_fail


def judged(records: Sequence[Mapping[str, Any]], expected: Expected, key: Key, limit: str | None) -> dict[str, object]:
    """The checks of a run: its reason code, the tests that passed of those wanted, and the negative controls.

    Reasons, the first that applies: `limit_reached`, `tests_missing` (the report does not list exactly the expected
    tests, each once), `controls_passed`, `bugs_left`, `others_broken`, `unkeyed` (no test that failed before has a
    point whose right bits are a secret), `ok`.
    """
    ended = [record for record in records if isinstance(record.get("id"), str)]
    by_id = {record["id"]: record for record in ended}
    exact = len(by_id) == len(ended) and by_id.keys() == expected.all
    right = {name for name, record in by_id.items() if is_right(name, record, key)}
    failed = {name for name, record in by_id.items() if record.get("outcome") == "failed"}
    secret = sum(key.secret(_seen(by_id[name])) for name in expected.fail_to_pass & right)
    counts = {
        "fail_to_pass": _count(right, expected.fail_to_pass),
        "pass_to_pass": _count(right, expected.pass_to_pass),
        "controls": _count(failed, expected.must_fail),
    }
    tests = (
        ("limit_reached", limit is None),
        ("tests_missing", exact),
        ("controls_passed", expected.must_fail <= failed),
        ("bugs_left", expected.fail_to_pass <= right),
        ("others_broken", expected.pass_to_pass <= right),
        ("unkeyed", secret > 0),
    )
    reason = next((name for name, holds in tests if not holds), "ok")
    return {"verdict": reason, **counts, "secret_points": secret}


def is_right(name: str, record: Mapping[str, Any], key: Key) -> bool:
    """True if a test passed and left the bits of the key."""
    return record.get("outcome") == "passed" and key.holds(name, _seen(record))


def _seen(record: Mapping[str, Any]) -> dict[str, list[str]]:
    seen = record.get("seen", {})
    if not isinstance(seen, dict):
        return {}
    return {point: bits if isinstance(bits, list) else [] for point, bits in seen.items()}


def _count(found: Collection[str], wanted: frozenset[str]) -> list[int]:
    """[how many of the wanted ids were found, how many are wanted]."""
    return [len(wanted.intersection(found)), len(wanted)]
