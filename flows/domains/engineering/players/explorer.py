"""The explorer: knows the instruction and the tools, reproduces what fails and reads where it fails, and edits nothing.

Its play shows how much there is to read before a first idea; it solves no task.
"""

from flows.domains.contract import Play
from flows.domains.engineering.players.steps import Hand, failing, functions_of, traced
from schemas.task import Hidden, Task

MOST_TESTS = 16
PLACES = 3
"""Places of a traceback that are read."""
DONE = "I could not find the cause of all problems."


def explore(task: Task, hidden: Hidden | None) -> Play:
    """Look around, run the tests, and read each failing test with the places that its traceback names."""
    hand = Hand()
    yield from hand.bash("ls", "-la")
    yield from hand.use("bash", command="find . -name '*.py' | sort | xargs wc -l")
    found = yield from hand.use("run_tests")
    for test in failing(found)[:MOST_TESTS]:
        shown = yield from hand.use("run_tests", select=[test])
        for path, name in functions_of([test]):
            yield from hand.use("bash", command=f"grep -n -A 30 'def {name}\\b' {path}")
        for path, line in traced(shown)[-PLACES:]:
            yield from hand.around(path, line)
    yield from hand.use("submit")
    return DONE
