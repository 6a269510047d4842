"""Builds the draft of a task from proven bugs: workspace, hidden tests, and the path of the oracle."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from flows.domains.contract import Draft, Writer
from flows.domains.engineering.bugs.edit import Bug, changed_files
from flows.domains.engineering.composers import report
from flows.domains.engineering.composers.choose import Chosen
from flows.domains.engineering.composers.draws import Draw
from flows.domains.engineering.composers.hiding import split
from flows.domains.engineering.composers.proof import Effect, prove
from flows.domains.engineering.composers.report import Reports
from flows.domains.engineering.composers.rewording import PROMPT, reworded
from flows.domains.engineering.composers.stripped_tests import without
from flows.domains.engineering.measure.baseline import function_of
from flows.domains.engineering.measure.single import Symptom
from flows.domains.engineering.suite.languages import PYTHON

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
TOOLS = ("bash", "read", "edit", "write", "run_tests", "submit")
TURNS, TURNS_PER_BUG = 40, 25
"""Assistant turns that a careful agent may need."""
ROOTS = ("src", "lib")
"""Folders beside the top of the tree from which modules are imported."""


def draft_of(draw: Draw, chosen: Chosen, kind: str, write: Writer) -> Draft:
    """The draft of these bugs; `kind` names the words of the instruction. Raises Refused."""
    laboratory, source = draw.laboratory, draw.source
    effect = prove(laboratory, chosen)
    failing = frozenset(map(function_of, effect.fail_to_pass))
    hidden = split(chosen, failing, laboratory.tests, draw.dice)
    symptoms = report.symptoms(chosen, failing - hidden, draw.dice)
    reports, wording = _worded(draw, report.reports(draw.source, symptoms, kind, draw.dice), write)
    changed = changed_files(laboratory.texts, chosen.bugs)
    altered = {one.partition("::")[0] for one in hidden}
    files = changed | {path: without(laboratory.tests[path], _of(hidden, path)) for path in sorted(altered)}
    return Draft(
        instruction=reports.text(),
        answer=None,
        created_at=EPOCH,
        difficulty=_difficulty(draw, chosen, effect, hidden) | {"wording": wording},
        setup=_setup(draw, files),
        goal=_goal(laboratory.language.name, laboratory.tests, effect),
        oracle=_oracle(draw, chosen, effect, hidden, symptoms),
        answer_form="files",
        max_turns=TURNS + TURNS_PER_BUG * len(chosen.bugs),
        licenses=[source.license],
        prompt=PROMPT if wording == "ok" else None,
    )


def _worded(draw: Draw, plain: Reports, write: Writer) -> tuple[Reports, str]:
    """The reports and their wording: `plain`, or the result for the share that the teacher words."""
    return reworded(plain, write) if draw.dice.random() < draw.reworded_share else (plain, "plain")


def _setup(draw: Draw, files: Mapping[str, str]) -> str:
    source = draw.source
    return json.dumps(
        {
            "image": source.image,
            "tree": dict(source.tree),
            "files": files,
            "tools": TOOLS,
            "tests": [*draw.laboratory.language.command, *_places(draw)],
        }
    )


def _places(draw: Draw) -> list[str]:
    """Options of pytest: where modules are, and which tests run if none is selected; none for other runners."""
    if draw.laboratory.language is not PYTHON:
        return []
    roots = [one for one in ROOTS if (draw.laboratory.tree / one).is_dir()]
    found = ["-o", "pythonpath=" + " ".join(["/workspace", *(f"/workspace/{one}" for one in roots)])]
    if draw.source.tests:
        found += ["-o", f"testpaths={' '.join(draw.source.tests)}"]
    return [*found, *(f"--ignore={one}" for one in draw.source.ignore)]


def _goal(language: str, tests: Mapping[str, str], effect: Effect) -> str:
    """Files with a failing test are part of the goal, whole as they were."""
    paths = {one.partition("::")[0] for one in effect.fail_to_pass}
    return json.dumps(
        {
            "language": language,
            "tests": {path: tests[path] for path in sorted(paths) if path in tests},
            "fail_to_pass": sorted(effect.fail_to_pass),
            "pass_to_pass": sorted(effect.pass_to_pass),
        }
    )


def _oracle(draw: Draw, chosen: Chosen, effect: Effect, hidden: frozenset[str], symptoms: list[list[Symptom]]) -> str:
    texts = draw.laboratory.texts
    seen = {one for one in effect.fail_to_pass if function_of(one) not in hidden}
    bugs = [
        {
            "operator": bug.operator,
            "paths": sorted(bug.paths),
            "functions": [[one.path, one.line] for one in bug.functions],
            "calls": [one["call"] for one in examples],
            "tests": sorted(seen.intersection(chosen.singles[bug.id].failed)),
        }
        for bug, examples in zip(chosen.bugs, symptoms, strict=True)
    ]
    changed = changed_files(texts, chosen.bugs)
    return json.dumps({"files": {path: texts[path] for path in changed}, "bugs": bugs})


def _difficulty(draw: Draw, chosen: Chosen, effect: Effect, hidden: frozenset[str]) -> dict[str, object]:
    return {
        "number": draw.number,
        "source": draw.source.name,
        "n_bugs": len(chosen.bugs),
        "operators": sorted(Counter(one.operator for one in chosen.bugs).elements()),
        "n_files": len({path for one in chosen.bugs for path in one.paths}),
        "n_lines": sum(_lines(draw.laboratory.texts, one) for one in chosen.bugs),
        "n_failing": len(effect.fail_to_pass),
        "n_hidden_functions": len(hidden),
        "bugs": [one.id for one in chosen.bugs],
    }


def _lines(texts: Mapping[str, str], bug: Bug) -> int:
    """Lines of the unchanged source that a bug touches."""
    return sum(texts[edit.path].count("\n", edit.start, edit.end) + 1 for edit in bug.edits)


def _of(functions: frozenset[str], path: str) -> list[str]:
    return sorted(one for one in functions if one.partition("::")[0] == path)
