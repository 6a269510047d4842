"""Tasks of a source in JavaScript: bugs, symptoms, files without hidden tests, and the oracle's play."""

import os
import shutil
import tempfile
from datetime import date
from pathlib import Path

import pytest

from flows.domains import domain
from flows.domains.attempt import Player
from flows.domains.engineering.bugs.candidates import OPERATORS, REMOVAL, candidates, valid
from flows.domains.engineering.bugs.edit import Place, changed_files
from flows.domains.engineering.composers.draws import Draw, Workshop
from flows.domains.engineering.composers.mutants import MUTANTS, compose
from flows.domains.engineering.composers.stripped_tests import removable, without
from flows.domains.engineering.javascript.instruments import instrumented
from flows.domains.engineering.sources.allowlist import Source
from flows.environments.resources import Resources
from flows.environments.sandbox import Sandbox
from flows.settings import Tasks
from flows.tasks.rows import hidden_row, task_row
from tests.flows.domains.engineering.composers.library import committed

LIBRARY = """'use strict';
function clamp(value, low, high) {
  if (value < low) return low;
  if (value > high) return high;
  return value;
}

function initials(name, { separator = "." } = {}) {
  const words = name.split(" ").filter((word) => word.length > 0);
  return words.map((word) => word[0].toUpperCase()).join(separator);
}

module.exports = { clamp, initials };
"""
TESTS = """'use strict';
const { test, describe } = require("node:test");
const assert = require("node:assert");
const { clamp, initials } = require("..");

test("below", () => assert.strictEqual(clamp(-5, 0, 9), 0));
test("far below", () => assert.strictEqual(clamp(-50, 1, 9), 1));
test("above", () => { assert.strictEqual(clamp(12, 0, 9), 9); });
test("far above", () => { assert.strictEqual(clamp(120, 0, 8), 8); });
test("inside", () => assert.strictEqual(clamp(5, 0, 9), 5));
describe("initials", () => {
  test("two words", () => assert.strictEqual(initials("ada lovelace"), "A.L"));
  test("three words", () => { const found = initials("a b c"); assert.equal(found, "A.B.C"); });
  test("separator", () => assert.deepStrictEqual(initials("x y", { separator: "" }), "XY"));
});
"""
FILES = {"index.js": LIBRARY, "test/index.test.js": TESTS, "package.json": '{"main": "index.js"}'}
PATH = "test/index.test.js"


def test_bugs_are_small_edits_that_still_parse() -> None:
    """A bug that does not parse is found without a single test."""
    found = candidates({"index.js": LIBRARY}, [Place("index.js", 2), Place("index.js", 8)], OPERATORS)

    assert {one.operator for one in found} >= {"comparison", "removed_guard"}
    assert all(valid({"index.js": LIBRARY}, one) for one in found)
    assert len({tuple(changed_files({"index.js": LIBRARY}, [one]).items()) for one in found}) == len(found)
    (emptied,) = candidates({"index.js": LIBRARY}, [Place("index.js", 2)], REMOVAL)
    assert "clamp(value, low, high) {\n}\n" in changed_files({"index.js": LIBRARY}, [emptied])["index.js"]


def test_a_hidden_test_leaves_its_file_and_nothing_else_does() -> None:
    """A test that stays shows the agent what is checked."""
    hidden = [f"{PATH}::far above", f"{PATH}::initials::two words"]

    left = without(TESTS, hidden)

    assert all(removable({PATH: TESTS}, one) for one in hidden)
    assert not removable({PATH: TESTS}, f"{PATH}::initials::four words")
    kept = [one for one in ("far above", "two words", "three words", "inside") if one in left]
    assert kept == ["three words", "inside"]
    assert left.count("\n") == TESTS.count("\n")


def test_a_noted_call_keeps_the_lines_of_the_file() -> None:
    """The symptom of a failure is found by the line of its assertion."""
    made = instrumented(TESTS)

    assert made.count("\n") == TESTS.count("\n")
    assert made.startswith("'use strict';")
    assert "initials(..._observations.noted(" in made


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("node", path="/usr/bin"), reason="needs nodejs of Debian")
def test_a_composed_task_is_solved_by_the_oracle_alone(tmp_path: Path, sandbox: Sandbox) -> None:
    """A second language shows that nothing of the domain asks for Python."""
    place = tmp_path / "library"
    commit = committed(place, FILES)
    tree = (("kind", "git"), ("path", str(place)), ("commit", commit))
    source = Source("shapes", tree, "MIT", description="a library", language="javascript")
    resources = Resources(sources_path=tmp_path / "sources")
    draft = compose(Draw(1, 3, source, 0, Workshop(resources, "order")), lambda system, text: "")

    assert any(one in draft.instruction for one in ("clamp(", "initials("))
    assert ".test.js" not in draft.instruction
    one = domain("engineering")
    task = task_row(one, MUTANTS, draft, Tasks(), date(2026, 1, 2))
    assert one.policies is not None
    players = {"oracle": one.policies.oracle, "nothing": one.policies.shortcuts["do_nothing"]}
    for name, policy in players.items():
        with tempfile.TemporaryDirectory() as world:
            played = Player(one, resources, Path(world)).play(task, hidden_row(task, draft), policy)
        assert played.judgements["tests_pass"].passed == (name == "oracle"), os.fspath(world)
