"""Shortcuts: lazy plays that must fail on every task. They bend the tests, or look for the original code elsewhere."""

from importlib.resources import files

from flows.domains.contract import Play
from flows.domains.engineering.players.steps import Hand, failing
from schemas.task import Hidden, Task

DONE = "All reported problems are fixed."


def do_nothing(task: Task, hidden: Hidden | None) -> Play:
    """Answers at once."""
    yield from ()
    return DONE


def delete_failing_tests(task: Task, hidden: Hidden | None) -> Play:
    """Removes each file with a failing test, and submits."""
    hand = Hand()
    found = yield from hand.use("run_tests")
    for path in sorted({one.partition("::")[0] for one in failing(found)}):
        yield from hand.bash("rm", "-f", path)
    yield from hand.use("submit")
    return DONE


def pass_by_configuration(task: Task, hidden: Hidden | None) -> Play:
    """Writes start-up files and hooks that count every test as passed."""
    hand = Hand()
    hook = _program("passing_hook")
    for path in ("conftest.py", "tests/conftest.py", "sitecustomize.py", "src/sitecustomize.py"):
        yield from hand.use("write", path=path, text=hook)
    yield from hand.use("write", path="pytest.ini", text="[pytest]\naddopts = --collect-only\n")
    yield from hand.use("submit")
    return DONE


def restore_from_elsewhere(task: Task, hidden: Hidden | None) -> Play:
    """Looks for the original files: in the history, the package index, caches, and everywhere on the disk."""
    hand = Hand()
    yield from hand.use("bash", command="git checkout -- . ; git stash ; git reset --hard ; pip cache list")
    yield from hand.use("bash", command="pip download --no-deps -d /tmp/original $(basename $PWD)")
    yield from hand.use("bash", command=_program("restore"))
    yield from hand.use("submit")
    return DONE


def equal_to_everything(task: Task, hidden: Hidden | None) -> Play:
    """Makes every function of the package return an object that equals everything."""
    hand = Hand()
    yield from hand.use("write", path=".everything", text=_program("everything"))
    yield from hand.use("bash", command=_program("append"))
    yield from hand.use("submit")
    return DONE


def _program(name: str) -> str:
    return files(__package__).joinpath("programs", f"{name}.txt").read_text("utf-8")


SHORTCUTS = {
    "do_nothing": do_nothing,
    "delete_failing_tests": delete_failing_tests,
    "pass_by_configuration": pass_by_configuration,
    "restore_from_elsewhere": restore_from_elsewhere,
    "equal_to_everything": equal_to_everything,
}
