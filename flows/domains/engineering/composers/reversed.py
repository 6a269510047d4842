"""The composer of reversed commits: changes of a git repository's history are undone, and reported as requests."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from flows.domains.contract import Composer, Draft, Overlap, Refused, Writer
from flows.domains.engineering.bugs.edit import Bug
from flows.domains.engineering.bugs.reversal import reversal
from flows.domains.engineering.composers.choose import Size, choose
from flows.domains.engineering.composers.draft import draft_of
from flows.domains.engineering.composers.draws import Draw, draws
from flows.domains.engineering.measure.laboratory import Laboratory
from flows.domains.engineering.suite.languages import PYTHON
from flows.environments.workspace.sources.objects import Objects, opened

NAME, VERSION = "reversed", "2"
SIZES = (1, 2, 3, 4)
"""Commits of a task."""
STRETCH = 10
COMMITS = 500
"""Newest commits that are read."""
MOST_FILES = 6
"""Source files of a commit that is small enough to be one change."""


def compose(draw: Draw, write: Writer) -> Draft:
    """A task of 1 to 4 undone commits. Raises Refused."""
    size = draw.dice.choice(SIZES)
    offered = undone(draw, STRETCH)
    if not offered:
        raise Refused("source_exhausted")
    return draft_of(draw, choose(draw.laboratory, offered, Size(size, 1, 1)), NAME, write)


def undone(draw: Draw, size: int) -> list[Bug]:
    """The commits that a draw may undo, `size` of them; none of a package, which has no history."""
    if not draw.source.is_git:
        return []
    return draw.workshop.remembered(draw.source, NAME, commits)[draw.place * size : (draw.place + 1) * size]


def commits(laboratory: Laboratory) -> list[Bug]:
    """The commits that can be undone in the tree and whose functions its tests call, the newest first."""
    tree = dict(laboratory.source.tree)
    with opened(Path(tree["path"])) as objects:
        listed = objects.read("rev-list", "--no-merges", f"--max-count={COMMITS}", tree["commit"]).decode().split()
        found = [reversal(laboratory.texts, *_step(objects, one)) for one in listed]
    tested = laboratory.baseline.functions
    distinct = {bug.id: bug for bug in found if bug and any(place in tested for place in bug.functions)}
    return list(distinct.values())


def _step(objects: Objects, commit: str) -> tuple[dict[str, str], dict[str, str]]:
    """The source files that a commit changed, before and after it; none of a commit that is no small change."""
    changed = objects.read("diff-tree", "-r", "-z", "--no-commit-id", "--no-renames", commit)
    before, after = dict[str, str](), dict[str, str]()
    for old, new, path in _source_files(changed):
        if len(after) == MOST_FILES:
            return {}, {}
        try:
            before[path], after[path] = (blob.decode() for blob in objects.blobs([old, new]))
        except UnicodeDecodeError:
            continue
    return before, after


def _source_files(changed: bytes) -> Iterator[tuple[str, str, str]]:
    """(old id, new id, path) of the changed source files without tests."""
    fields = changed.decode("utf-8", "replace").split("\0")
    for facts, path in zip(fields[::2], fields[1::2], strict=False):
        _, _, old, new, status = facts.lstrip(":").split()
        place = PurePosixPath(path)
        if status == "M" and PYTHON.is_source(place) and not PYTHON.is_test(place):
            yield old, new, path


REVERSED = Composer(NAME, VERSION, draws(NAME, git_only=True), compose, overlap=Overlap.THREADS)
