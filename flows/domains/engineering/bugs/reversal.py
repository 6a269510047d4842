"""Bugs made of commits: the change that a commit made to the source is undone, file by file, in the newest tree."""

from collections.abc import Mapping
from difflib import SequenceMatcher

from flows.domains.engineering.bugs.candidates import valid
from flows.domains.engineering.bugs.edit import Bug, Edit, Place
from flows.domains.engineering.bugs.module import Module


def reversal(texts: Mapping[str, str], before: Mapping[str, str], after: Mapping[str, str]) -> Bug | None:
    """The bug that undoes the step from `before` to `after` in `texts`; None if its lines are no longer there.

    All are texts of source files by path; only files that the commit changed are in `before` and `after`.
    """
    edits = [edit for path in sorted(after) for edit in _undone(path, texts.get(path), before.get(path), after[path])]
    if not edits or None in edits:
        return None
    made = tuple(one for one in edits if one)
    bug = Bug("reversed", tuple(_functions(texts, made)), made)
    return bug if bug.functions and valid(texts, bug) else None


def _undone(path: str, text: str | None, before: str | None, after: str) -> list[Edit | None]:
    """The edits of one file; [None] if a changed part is not in the text exactly once."""
    if text is None or before is None:
        return [None]
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    found: list[Edit | None] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            found.append(_edit(path, text, old, new, (a, b, c, d)))
    return found


def _edit(path: str, text: str, old: list[str], new: list[str], span: tuple[int, int, int, int]) -> Edit | None:
    """Put the old lines in the place of the new ones, found with the lines around them."""
    a, b, c, d = span
    for context in (0, 1, 3, 6, 12):
        before, after = new[max(0, c - context) : c], new[d : d + context]
        wanted = "".join([*before, *new[c:d], *after])
        if wanted and text.count(wanted) == 1:
            start = text.index(wanted) + len("".join(before))
            return Edit(path, start, start + len("".join(new[c:d])), "".join(old[a:b]))
    return None


def _functions(texts: Mapping[str, str], edits: tuple[Edit, ...]) -> list[Place]:
    """The innermost functions around the edits."""
    found: dict[Place, None] = {}
    for edit in edits:
        module = Module(edit.path, texts[edit.path])
        around = [
            (module.end(node) - module.start(node), place)
            for node, place in module.functions()
            if module.start(node) <= edit.start and edit.end <= module.end(node) + 1
        ]
        if around:
            found[min(around, key=lambda one: one[0])[1]] = None
    return list(found)
