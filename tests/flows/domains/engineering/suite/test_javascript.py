"""Tests of runs of JavaScript suites with node:test, by the same plan and report as those of Python."""

import shutil
from pathlib import Path

import pytest

from flows.domains.engineering.examination import is_protected
from flows.domains.engineering.suite import language, run_suite
from flows.environments.sandbox import Limits, Sandbox
from tests.flows.domains.engineering.suite.test_python import outcomes, tree

FILES = {
    "index.mjs": "export const odd = (n) => n % 2 === 1;\n",
    "package.json": '{"type": "module"}',
    "test/odd.test.mjs": """
import assert from "node:assert";
import test, { describe, it } from "node:test";
import { odd } from "../index.mjs";
test("one", () => assert.equal(odd(1), true));
test("two", () => assert.equal(odd(2), true, "2 is even"));
test("later", { skip: true }, () => {});
describe("group", () => {
  it("three", async () => assert.ok(odd(3)));
  it("throws", () => assert.throws(() => odd(4)));
});
""",
    "test/broken.test.mjs": 'import "./missing.mjs";\n',
    "node_modules/other/test/x.test.mjs": 'throw new Error("not of this tree");\n',
}
OUTCOMES = {
    "test/odd.test.mjs::one": "passed",
    "test/odd.test.mjs::two": "failed",
    "test/odd.test.mjs::later": "skipped",
    "test/odd.test.mjs::group::three": "passed",
    "test/odd.test.mjs::group::throws": "failed",
    "test/broken.test.mjs": "error",
}


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("node", path="/usr/bin"), reason="needs nodejs of Debian")
def test_each_test_has_its_outcome(tmp_path: Path, sandbox: Sandbox) -> None:
    """A second language shows that composers and tools ask nothing of Python alone."""
    made, chosen = tree(tmp_path, FILES), {"test/odd.test.mjs::group::three", "test/odd.test.mjs::one"}

    suite = run_suite(made, sandbox, "javascript", Limits(wall_s=60))

    assert outcomes(suite) == OUTCOMES
    assert "2 is even" in suite.results["test/odd.test.mjs::two"].message
    assert run_suite(made, sandbox, "javascript", Limits(wall_s=60), chosen).passed == chosen


@pytest.mark.parametrize(
    "path", ["package.json", "test/a.mjs", "src/a.test.js", "node_modules/a/index.js", "a.spec.mjs"]
)
def test_files_of_the_examination_are_protected(path: str) -> None:
    """A changed configuration or dependency would decide which tests run."""
    assert is_protected(path, language("javascript"))
    assert not is_protected("src/index.mjs", language("javascript"))
