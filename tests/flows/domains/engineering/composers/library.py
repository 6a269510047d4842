"""A small library in a git repository, with tests and a history, as a source of tasks."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from flows.domains.engineering.sources.allowlist import Source

FILES = {
    "shapes/__init__.py": "",
    "shapes/areas.py": '''"""Areas."""


def rectangle(width, height):
    """The area of a rectangle. Raises ValueError on a negative side."""
    if width < 0 or height < 0:
        raise ValueError("negative side")
    return width * height


def frame(width, height, border=1):
    """The area between a rectangle and its inside without the border."""
    inner_width = width - 2 * border
    inner_height = height - 2 * border
    if inner_width <= 0 or inner_height <= 0:
        return rectangle(width, height)
    return rectangle(width, height) - rectangle(inner_width, inner_height)
''',
    "shapes/words.py": '''"""Words."""


def title(text):
    """Each word with a capital letter, single blanks between them."""
    words = text.strip().split()
    return " ".join(word[:1].upper() + word[1:] for word in words)


def wrap(text, width):
    """Lines of at most so many characters."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    if line:
        lines.append(line)
    return lines
''',
    "shapes/counts.py": '''"""Counts."""


class Counter:
    """Counts things by name."""

    def __init__(self):
        self.counts = {}
        self.total = 0

    def add(self, name, n=1):
        """Count n more."""
        self.counts[name] = self.counts.get(name, 0) + n
        self.total += n

    def clear(self):
        """Forget everything."""
        self.counts = {}
        self.total = 0

    def top(self, n):
        """The n most frequent names, the most frequent first."""
        ordered = sorted(self.counts, key=lambda name: (-self.counts[name], name))
        return ordered[:n]
''',
    "shapes/grids.py": '''"""Grids."""


def rows(items, width):
    """The items in rows of so many."""
    found = []
    for start in range(0, len(items), width):
        found.append(items[start : start + width])
    return found


def columns(table):
    """The columns of a table whose rows may have different lengths; missing items are left out."""
    longest = max([len(row) for row in table], default=0)
    found = []
    for place in range(longest):
        found.append([row[place] for row in table if place < len(row)])
    return found
''',
    "tests/test_grids.py": """from shapes.grids import columns, rows


def test_rows(): assert rows([1, 2, 3, 4], 2) == [[1, 2], [3, 4]]
def test_rest(): assert rows([1, 2, 3], 2) == [[1, 2], [3]]
def test_no_rows(): assert rows([], 2) == []
def test_columns(): assert columns([[1, 2], [3, 4]]) == [[1, 3], [2, 4]]
def test_ragged(): assert columns([[1, 2], [3]]) == [[1, 3], [2]]
def test_no_columns(): assert columns([]) == []
""",
    "tests/test_areas.py": """import pytest
from shapes.areas import frame, rectangle


def test_rectangle(): assert rectangle(2, 3) == 6
def test_square(): assert rectangle(4, 4) == 16
def test_zero(): assert rectangle(0, 3) == 0
def test_negative():
    with pytest.raises(ValueError):
        rectangle(-1, 3)
def test_negative_height():
    with pytest.raises(ValueError):
        rectangle(1, -3)
def test_frame(): assert frame(4, 4) == 12
def test_frame_border(): assert frame(10, 10, 2) == 64
def test_thin_frame(): assert frame(2, 5) == 10
def test_thick_frame(): assert frame(5, 6, 3) == 30
def test_thicker_frame(): assert frame(4, 9, 3) == 36
""",
    "tests/test_words.py": """import unittest
from shapes.words import title, wrap


class TestTitle(unittest.TestCase):
    def test_two(self): self.assertEqual(title("ab cd"), "Ab Cd")
    def test_blanks(self): self.assertEqual(title("  ab   cd "), "Ab Cd")
    def test_inner_blanks(self): self.assertEqual(title("ab    cd"), "Ab Cd")
    def test_capitals(self): self.assertEqual(title("aB"), "AB")
    def test_empty(self): self.assertEqual(title(""), "")


def test_wrap(): assert wrap("aa bb cc", 5) == ["aa bb", "cc"]
def test_wrap_exact(): assert wrap("aaa bbb", 3) == ["aaa", "bbb"]
def test_wrap_long(): assert wrap("aaaa b", 2) == ["aaaa", "b"]
def test_wrap_nothing(): assert wrap("", 4) == []
""",
    "tests/test_counts.py": """from shapes.counts import Counter


def counted(names):
    counter = Counter()
    for name in names:
        counter.add(name)
    return counter


def test_top(): assert counted("abcab").top(1) == ["a"]
def test_top_two(): assert counted("abcab").top(2) == ["a", "b"]
def test_order(): assert counted("cba").top(3) == ["a", "b", "c"]
def test_total(): assert counted("abcab").total == 5
def test_several():
    counter = Counter()
    counter.add("x", 3)
    assert counter.total == 3 and counter.counts == {"x": 3}
def test_clear():
    counter = counted("ab")
    counter.clear()
    assert counter.total == 0
def test_cleared_counts():
    counter = counted("ab")
    counter.clear()
    assert counter.counts == {}
def test_cleared_top():
    counter = counted("ab")
    counter.clear()
    assert counter.top(1) == []
""",
}
EARLIER = {
    "shapes/words.py": ("text.strip().split()", 'text.split(" ")'),
    "shapes/areas.py": ("    if inner_width <= 0 or inner_height <= 0:\n        return rectangle(width, height)\n", ""),
}
"""Path -> (text, what an earlier commit had there)."""


def repository(home: Path) -> Source:
    """A repository at `home` whose last two commits each changed one function."""
    for path, text in FILES.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text.replace(*EARLIER[path]) if path in EARLIER else text)
    _git(home, "init", "-q")
    for changed in ("", *EARLIER):
        if changed:
            (home / changed).write_text(FILES[changed])
        _git(home, "add", "-A")
        _git(home, "commit", "-qm", "change")
    commit = _git(home, "rev-parse", "HEAD")
    tree = (("kind", "git"), ("path", str(home)), ("commit", commit))
    return Source("shapes", tree, "MIT", description="a library of shapes")


def committed(home: Path, files: Mapping[str, str]) -> str:
    """The commit of a new repository at `home` that holds these files."""
    for path, text in files.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text)
    _git(home, "init", "-q")
    _git(home, "add", "-A")
    _git(home, "commit", "-qm", "all")
    return _git(home, "rev-parse", "HEAD")


def _git(home: Path, *arguments: str) -> str:
    who = {f"GIT_{role}_{key}": "a@b.c" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    environment = os.environ | who | {"GIT_CONFIG_GLOBAL": os.devnull}
    command = ["git", "-C", str(home), *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()
