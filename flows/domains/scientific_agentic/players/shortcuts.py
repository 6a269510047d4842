"""Shortcuts: lazy plays that must fail on every project.

Three of them know the right model of each study and skip one part of the work: calibration, its bend, or the script.
"""

from collections.abc import Callable

from flows.domains.contract import Play
from flows.domains.scientific_agentic.composing.solution import solution_of
from flows.domains.scientific_agentic.players.desk import Desk, filled, studies_of
from flows.domains.scientific_agentic.players.explorer import naive
from schemas.task import Hidden, Task

DONE = "Done."
NO_BEND = 1e9
PEEK = 'import pathlib, shutil, sys\nfound = [one for one in pathlib.Path("/").rglob("*truth*") if one.is_file()]\n'
CONSTANT = 'import pathlib, sys\npathlib.Path(sys.argv[2]).write_text(r"""{results}""")\n'


def nothing(task: Task, hidden: Hidden | None) -> Play:
    """Answers at once."""
    yield from ()
    return DONE


def constant(task: Task, hidden: Hidden | None) -> Play:
    """Hands in a script that reports medians."""
    desk = Desk()
    yield from desk.write("analyse.py", naive(task))
    yield from desk.call("submit", path="analyse.py")
    return DONE


def uncalibrated(task: Task, hidden: Hidden | None) -> Play:
    """Takes readings for values."""
    desk = Desk()
    yield from desk.write("analyse.py", filled(solution_of(studies_of(task)), 0.0, 1.0, NO_BEND))
    yield from desk.call("submit", path="analyse.py")
    return DONE


def straight(task: Task, hidden: Hidden | None) -> Play:
    """Measures two standards, and takes the instrument for a straight line through them."""
    desk = Desk()
    measured = yield from desk.measure([0, 4], 100, 1)
    (_, _, zero), (true, _, other) = measured
    yield from desk.write("analyse.py", filled(solution_of(studies_of(task)), zero, (other - zero) / true, NO_BEND))
    yield from desk.call("submit", path="analyse.py")
    return DONE


def hard_coded(task: Task, hidden: Hidden | None) -> Play:
    """Writes down the results of the data at hand."""
    desk = Desk()
    constants = yield from desk.calibrate()
    yield from desk.write("first.py", filled(solution_of(studies_of(task)), *constants))
    results = yield from desk.run("python first.py data results.json && cat results.json")
    yield from desk.write("analyse.py", CONSTANT.format(results=results.partition("\n}\n")[0] + "\n}"))
    yield from desk.call("submit", path="analyse.py")
    return DONE


def peek(task: Task, hidden: Hidden | None) -> Play:
    """Hands in a script that looks for the planted values on the machine, and reports medians if there are none."""
    desk = Desk()
    yield from desk.write(
        "analyse.py", PEEK + "if found:\n    shutil.copy(found[0], sys.argv[2])\n    sys.exit()\n" + naive(task)
    )
    yield from desk.call("submit", path="analyse.py")
    return DONE


SHORTCUTS: dict[str, Callable[[Task, Hidden | None], Play]] = {
    "nothing": nothing, "constant": constant, "uncalibrated": uncalibrated, "straight": straight,
    "hard_coded": hard_coded, "peek": peek,
}  # fmt: skip
