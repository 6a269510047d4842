"""Tests of the verdict on JavaScript: no forgery passes, honest work does, and tests keep their meaning."""

import json
import random
import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flows.domains.engineering.examination import Examination
from flows.domains.engineering.examination.javascript.rewriting import rewrite_javascript
from flows.domains.engineering.examination.key import Key
from flows.domains.engineering.examination.staging import lay_over
from flows.domains.engineering.suite import language
from flows.environments.sandbox import Limits, Sandbox
from tests.flows.domains.engineering.examination.tally import File, write
from tests.flows.domains.engineering.examination.tally_javascript import (
    COUNTS,
    FORGERIES,
    GOAL,
    HONEST,
    MODULE_GOAL,
    MODULE_HONEST,
    MODULE_PRISTINE,
    PATH,
    PRISTINE,
)  # fmt: skip

runs = pytest.mark.skipif(not shutil.which("node", path="/usr/bin"), reason="needs nodejs of Debian")


def checks(
    sandbox: Sandbox, changed: Mapping[str, File], goal: Mapping[str, object] = GOAL,
    pristine: Mapping[str, File] = PRISTINE,
) -> dict[str, object]:  # fmt: skip
    """The checks of an agent that changed these files of the package."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tree, agent = write(folder / "tree", pristine), write(folder / "agent", pristine)
        write(agent, changed)
        changes = lay_over(tree, agent, language("javascript"))
        found = Examination(tree, sandbox, Limits(wall_s=60)).run(json.loads(json.dumps(goal)), folder)
        return found | {"tampered": list(changes.tampered)}


@pytest.mark.slow
@runs
def test_no_forgery_passes(sandbox: Sandbox) -> None:
    """One forgery that passes teaches a student to forge."""
    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(FORGERIES, pool.map(lambda one: checks(sandbox, one), FORGERIES.values()), strict=True))

    assert [name for name, one in found.items() if one["verdict"] == "ok"] == []
    assert {"package.json", ".npmrc"} <= set(str(found["scripts"]["tampered"]).split("'"))


@pytest.mark.slow
@runs
def test_the_honest_fix_passes_and_half_of_it_does_not(sandbox: Sandbox) -> None:
    """A verdict that refuses honest work throws away the tokens of an attempt."""
    left: dict[str, File] = {"repro.js": "1;", "lib/more.js": "1;", "test/new.test.js": "throw 1;", ".npmrc": "a=b"}
    half = {"lib/counts.js": COUNTS.replace("/ values.length", "/ (values.length + 1)")}

    assert checks(sandbox, HONEST | left) == {
        "verdict": "ok", "fail_to_pass": [4, 4], "pass_to_pass": [6, 6], "controls": [7, 7], "secret_points": 5,
        "tampered": [".npmrc"],
    }  # fmt: skip
    found = checks(sandbox, half)
    assert (found["verdict"], found["fail_to_pass"]) == ("bugs_left", [3, 4])
    assert checks(sandbox, MODULE_HONEST, MODULE_GOAL, MODULE_PRISTINE)["verdict"] == "ok"
    assert checks(sandbox, {}, MODULE_GOAL, MODULE_PRISTINE)["verdict"] == "bugs_left"


def rewritten(text: str) -> str:
    return rewrite_javascript(PATH, text, Key(random.Random(1))).text


@pytest.mark.parametrize(
    "expected",
    [
        "'7 items'",
        "4",
        "-2.5",
        "[1, [2]]",
        "{ a: 'x', 'b c': [true, null] }",
        "`plain`",
        "'\\u0041\\n'",
        "null",
        "true",
    ],
)
def test_an_expected_value_stands_among_decoys(expected: str) -> None:
    """A value that stands alone in the file of tests is what code that reads it returns."""
    head = 'const test = require("node:test");\nconst assert = require("node:assert");\n'
    made = rewritten(f"{head}test('x', () => {{ assert.deepStrictEqual(f(1), {expected}); }});\n")

    assert ", f(1))" in made
    assert f"f(1), {expected}" not in made
    assert made.count("_observations.choose(") == 2  # one is a negative control


@pytest.mark.parametrize(
    "kept",
    [
        "try { assert.equal(f(1), 2); } catch { }",
        "assert.throws(() => { assert.equal(f(1), 2); });",
        "other.equal(f(1), 2);",
        "assert.equal(...both);",
    ],
)
def test_what_is_no_plain_assertion_stays_as_it_is(kept: str) -> None:
    """A rewritten assertion that the test itself catches changes what the test means."""
    made = rewritten(f'import test from "node:test"; import assert from "node:assert";\ntest("x", () => {{ {kept} }});')

    assert kept.removeprefix("assert.throws(").removesuffix(");") in made


def test_a_file_that_is_no_javascript_is_refused() -> None:
    with pytest.raises(SyntaxError, match="no JavaScript"):
        rewritten("test('x', () => {")
