"""The small world of a trial: six pages that ship with the package, and three questions about them.

The pages are invented, so that no model knows the answers. The questions ask for a chain of two pages, for the last
part of a long page, and for two calls in one turn; a small model fills in blanks instead.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from flows.domains import domain
from flows.settings import Settings
from schemas.prompt import prompt
from schemas.task import Task, task_id
from sources.index.library import Library, Page

HOST = "http://trial.localhost"
DOMAIN = "search"
ANSWERS = {
    "chain": {"chat": "Quern Engine House", "text": "Bittern"},
    "long": {"chat": "Reedham Cross", "text": "Reedham Cross"},
    "parallel": {"chat": "Marrick viaduct", "text": "231"},
}
"""Question -> its answer in each dialect; the words of a question are `prompts/<question>_<dialect>.md`."""
MAX_TURNS = 10
VERIFIER = "contains_answer"


def build_library(folder: Path) -> Path:
    """Index the pages in a new folder inside `folder`, and return its path."""
    path = folder / "library"
    Library.build(path, _pages())
    return path


def tasks(settings: Settings, dialect: str) -> dict[str, Task]:
    """The questions as tasks with the token and time budget of the settings, by name."""
    return {name: _task(name, settings, dialect) for name in ANSWERS}


def _task(name: str, settings: Settings, dialect: str) -> Task:
    wording, answer, now = prompt(f"{name}_{dialect}", __package__), ANSWERS[name][dialect], datetime.now(UTC)
    instruction = wording.text.strip()
    return Task(
        task_id=task_id(DOMAIN, instruction, answer, [], "trial"),
        domain=DOMAIN,
        instruction=instruction,
        answer=answer,
        evidence=[],
        path=[],
        tools=[tool.name for tool in domain(DOMAIN).environment.tools("{}", dialect)],
        verifiers=[VERIFIER],
        setup="{}",
        max_turns=MAX_TURNS,
        max_tokens=settings.tasks.max_tokens,
        max_seconds=settings.tasks.max_seconds,
        samples=1,
        hops=0,
        difficulty="{}",
        composer="trial",
        composer_version="1",
        prompt_sha256=wording.sha256,
        created_at=now,
        run_id=now.date().isoformat(),
    )


def _pages() -> Iterator[Page]:
    folder = files(__package__).joinpath("pages")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        name, text = file.name.removesuffix(".md"), file.read_text("utf-8")
        yield Page(name, f"{HOST}/{name}", text.partition("\n")[0].removeprefix("# "), text)
