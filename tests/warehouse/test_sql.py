"""Every query has its place: a folder with a line in the README, a name of its own, and a grain in its first line."""

import re
from collections import defaultdict
from pathlib import Path

from warehouse.connect import query, sql_files

ROOT = Path(__file__).parent.parent.parent
SQL = ROOT / "warehouse" / "sql"
ROOMS = ("flows", "sources", "warehouse")
FOLDERS = sorted(path.name for path in SQL.iterdir() if path.is_dir())
LINE = re.compile(r"^- `(\w+)/`: (.+)$", re.MULTILINE)
GRAIN = re.compile(r"-- one row(:| per )")


def lines() -> dict[str, str]:
    """Folder -> its line in the README of the SQL."""
    return dict(LINE.findall((SQL / "README.md").read_text("utf-8")))


def loaders() -> dict[str, set[str]]:
    """Folder -> the modules that load its files by name, relative to the repository."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for folder in re.findall(r'\b(?:sql_files|query)\(\s*"(\w+)"', path.read_text("utf-8")):
            found[folder].add(path.relative_to(ROOT).as_posix())
    return found


def test_every_folder_has_a_line_that_names_the_modules_that_load_it() -> None:
    loading, described = loaders(), lines()
    assert sorted(described) == FOLDERS
    for folder, line in described.items():
        assert set(re.findall(r"`([\w/]+\.py)`", line)) == loading[folder], folder


def test_a_name_stands_in_one_folder() -> None:
    """A table is named as its query, so one name with two meanings misleads whoever searches for it."""
    places: dict[str, list[str]] = defaultdict(list)
    for folder in FOLDERS:
        for name in sql_files(folder):
            places[name].append(folder)
    assert not {name: folders for name, folders in places.items() if len(folders) > 1}


def test_every_query_opens_with_its_grain() -> None:
    for folder in FOLDERS:
        for name, text in sql_files(folder).items():
            assert GRAIN.match(text), f"{folder}/{name}.sql: the first line is no grain (-- one row per ...)"


def test_sql_is_loaded_by_folder_and_name() -> None:
    for folder in FOLDERS:
        assert {name: query(folder, name) for name in sql_files(folder)} == sql_files(folder)
    assert {path.stem for path in SQL.glob("*/*.sql")} == {name for folder in FOLDERS for name in sql_files(folder)}


def test_the_guide_lists_every_view_and_mart() -> None:
    text = (ROOT / "warehouse" / "GUIDE.md").read_text("utf-8")
    for title, folder in (("Views", "views"), ("Marts", "marts")):
        (listed,) = re.findall(rf"^{title}: `([^`]+)`", text, re.MULTILINE)
        assert sorted(listed.split()) == sorted(sql_files(folder)), folder
