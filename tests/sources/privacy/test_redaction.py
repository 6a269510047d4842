"""Secrets and personal data are found in any context; placeholders of documentation are not."""

import json
import sysconfig
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.privacy.number_validators import luhn
from sources.privacy.pii_validators import PERSONAL
from sources.privacy.redaction import count_kinds, count_kinds_in_turns, find, kinds, redact
from tests.doubles.lakes.planted import KINDS, Planted, planted

FAKE = "AK" + "IAIOSFODNN7" + "EXAMPLE"
HARMLESS = [
    f"aws_access_key_id = {FAKE}",
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "write to ada@example.com, ops@corp.example.org, bob@localhost or noreply@github.com",
    "git clone git@github.com:python/cpython.git",
    "@app.route and matrix@vector.T and name@2x.png",
    "postgresql://user:password@localhost:5432/db",
    "https://user:$PASSWORD@host.org/ and https://{user}:{password}@host.org/",
    'password = getpass.getpass("password: ")',
    'password = os.environ["DB_PASSWORD_2"]; secret_name = "prod/db-2"',
    "API_KEY=your-api-key-here TOKEN=<token1> SECRET=${SECRET_2} password: changeme123",
    "password must be 8 to 64 characters; passphrase is required",
    "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "call (212) 555-0123, the year 2019-2023, 10.0.0.1, version 3.11.7-2",
    "pay with 4242 4242 4242 4242 or 4111111111111111; order 6238104951728394",
    "IBAN GB82 WEST 1234 5698 7654 32, SSN 123-45-6789, 000-12-3456",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b sha256:9f86d081884c7d659a2feaa0c55ad015",
    "request 550e8400-e29b-41d4-a716-446655440000 took 1732312345678901 ns at 1699999999.123",
]


def test_every_kind_is_found_in_every_place() -> None:
    """A secret that is missed is trained on and published."""
    missed = [one for one in planted(1000, seed=11) if one.kind not in redact(one.text)[1]]
    assert missed == []
    assert len(KINDS) >= 20


def test_no_part_of_a_secret_remains() -> None:
    """Half a key next to a placeholder would still be a leak."""
    for one in planted(300, seed=12):
        redacted, counts = redact(one.text)
        assert f"[REDACTED:{one.kind}]" in redacted
        assert sum(counts.values()) == redacted.count("[REDACTED:")
        for line in one.secret.rstrip("#%").splitlines():
            assert line.startswith("-----") or line not in redacted


@pytest.mark.parametrize("between", [" ", "\n", "\t", "\\n", "; ", "</b> "])
def test_adjacent_findings_do_not_hide_each_other(between: str) -> None:
    """Every address of a list must be found, although a match consumes the boundary of the next one."""
    names = [f"ada{n}@mail{n}.corp.net" for n in range(3_000)]
    redacted, counts = redact(between.join(["you@example.com", *names, "(212) 664-7665", "ada@corp.net"]))
    assert counts == {"email": len(names) + 1, "phone": 1}
    assert redact(redacted) == (redacted, {})


@pytest.mark.parametrize("text", HARMLESS)
def test_placeholders_of_documentation_are_unchanged(text: str) -> None:
    """A page that explains how to set a password must stay readable."""
    assert redact(text) == (text, {})


def test_the_standard_library_holds_no_secrets() -> None:
    """False findings would spoil code as training data; email addresses of authors are real findings."""
    standard = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    texts = [path.read_text("utf-8", "replace") for path in standard]
    found = [(one.kind, text.encode()[one.start : one.end]) for text in texts for one in find(text)]
    assert [one for one in found if one[0] not in ("email", "author_email")] == []


def test_rows_scanned_together_have_independent_findings() -> None:
    """If neighbouring rows changed the findings of a row, the order of rows would change decisions."""
    rows = [one.text for one in planted(200, seed=13)] + HARMLESS
    one_by_one = [count_kinds([row])[0] for row in rows]
    assert count_kinds(rows) == one_by_one
    assert count_kinds(rows[::-1]) == one_by_one[::-1]
    assert all(json.loads(found or "{}") == redact(row)[1] for row, found in zip(rows, one_by_one, strict=True))
    schema = {"content": pa.large_string(), "reasoning": pa.large_string(), "tool_calls": pa.large_string()}
    written = [dict(zip(schema, (None, row, None), strict=True)) for row in rows] + [dict.fromkeys(schema)]
    assert count_kinds_in_turns(pa.RecordBatch.from_pylist(written, pa.schema(schema))) == [*one_by_one, None]
    assert count_kinds([]) == []
    assert count_kinds([None, "", "nothing"]) == [None, None, None]


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text(), st.integers(0, 999))
def test_redaction_is_idempotent(before: str, after: str, number: int) -> None:
    """Otherwise a resumed attempt could show the model another text than before."""
    text = before + SAMPLES[number % len(SAMPLES)].text + after
    redacted, _ = redact(text)
    assert redact(redacted)[0] == redacted


def test_text_with_lone_surrogates_is_redacted() -> None:
    """JSON of a tool can hold lone surrogates; the attempt must not fail."""
    text = "\ud800 " + next(one.text for one in SAMPLES if one.kind == "email")
    assert redact(text)[1] == {"email": 1}


def test_kinds_have_the_names_used_in_settings() -> None:
    """A kind without a known name cannot be allowed in the settings."""
    assert KINDS.keys() | PERSONAL <= kinds()
    assert "github_fine_grained_pat" in kinds()
    assert len(kinds()) > 300


@given(st.from_regex(r"[0-9]{11,18}", fullmatch=True))
def test_exactly_one_check_digit_is_valid(digits: str) -> None:
    """ISO/IEC 7812-1: exactly one of the ten possible last digits is right."""
    assert sum(luhn(digits + last) for last in "0123456789") == 1


SAMPLES: list[Planted] = list(planted(120, seed=14))
