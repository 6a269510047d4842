"""The guides lead where they claim: whoever follows README.md, CONTRIBUTING.md or a GUIDE.md finds every file."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.house.places import CODE_ROOMS, files, name

ROOT = Path(__file__).parents[2]
MAP = ".github/CONTRIBUTING.md"
CONTRIBUTING = (ROOT / MAP).read_text("utf-8")
MOST_OPENED = 3
README = (ROOT / "README.md").read_text("utf-8")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)[^)]*\)")
ROW = re.compile(r"^\| (?P<question>[^|]+\?) \| (?P<path>[^|]+) \| (?P<evidence>[^|]+) \|$", re.MULTILINE)
QUESTIONS = [match.groups() for match in ROW.finditer(CONTRIBUTING)]


def mapped() -> set[Path]:
    """Paths of the map in CONTRIBUTING.md, relative to the repository; indentation of two spaces is one level."""
    block = CONTRIBUTING.partition("## The map\n\n```\n")[2].partition("```")[0]
    found, above = set(), dict[int, Path]()
    for line in block.splitlines():
        level = (len(line) - len(line.lstrip())) // 2
        path = above.get(level - 1, Path()) / line.split()[0].rstrip("/")
        above[level] = path
        found.add(path)
    return found


def test_every_path_of_the_map_exists() -> None:
    """A map with a missing room sends a newcomer to search by hand."""
    assert [str(path) for path in mapped() if not (ROOT / path).exists()] == []


def test_every_guide_is_linked_from_the_readme() -> None:
    """README.md is one page: a guide without a link there is lost."""
    guides = {path.relative_to(ROOT).as_posix() for room in CODE_ROOMS for path in (ROOT / room).rglob("GUIDE.md")}
    assert guides - set(LINK.findall(README)) == set()


def test_every_link_leads_to_a_file() -> None:
    """A dead link stops a reader in the middle of a guide."""
    pages = [ROOT / "README.md", *(ROOT / ".github").glob("*.md"), *files(".md", CODE_ROOMS)]
    links = [(page, target) for page in pages for target in LINK.findall(CODE.sub("", page.read_text("utf-8")))]
    assert [(name(page), target) for page, target in links if not (page.parent / target).exists()] == []


def test_every_room_is_on_the_map() -> None:
    """A room that the map leaves out cannot be found from CONTRIBUTING.md."""
    rooms = {
        path.parent.relative_to(ROOT)
        for top in ("flows", "sources", "schemas", "warehouse")
        for path in (ROOT / top).rglob("*.py")
        if len(path.relative_to(ROOT).parts) <= MOST_OPENED + 1
    }
    assert sorted(map(str, rooms - mapped())) == []


def test_there_are_twenty_questions() -> None:
    """CONTRIBUTING promises twenty questions with their answers."""
    assert len(QUESTIONS) == len({question for question, _, _ in QUESTIONS}) == 20


@pytest.mark.parametrize(("question", "path", "evidence"), QUESTIONS)
def test_a_question_is_answered_in_three_opened_files(question: str, path: str, evidence: str) -> None:
    """Each opened file must name the next one, and the last one must hold the answer."""
    opened = [MAP, *re.findall(r"`([^`]+)`", path)]
    assert 2 <= len(opened) <= MOST_OPENED
    for here, following in pairwise(opened):
        assert _names(here, following), f"{here} does not name {following}"
    text = (ROOT / opened[-1]).read_text("utf-8")
    assert all(word in text for word in re.findall(r"`([^`]+)`", evidence))


def _names(here: str, following: str) -> bool:
    """True if a guide names a file or its folder; the map names a folder's README.md by its folder."""
    if here == MAP and (Path(following) in mapped() or Path(following).parent in mapped()):
        return True
    text = (ROOT / here).read_text("utf-8")
    return Path(following).name in text or f"`{Path(following).parent.name}/`" in text
