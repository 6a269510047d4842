"""Tasks over the small wiki, written by hand: each asks for the title of the page whose url it contains.

With them a rollout can be tested without a crawl and a composer, and a scripted agent can find the page.
"""

from datetime import UTC, date, datetime, time
from functools import cache

from schemas import Document, Hop, Task
from schemas.task import task_id
from tests.doubles.sites import small_wiki
from tests.doubles.teachers.scripted import call, spoken
from warehouse.lake import Lake, PartName


def wiki_task(day: date, number: int, **changes: object) -> Task:
    """The task of that number; `changes` replace its columns."""
    page = _pages(day)[2 + number % 60]
    instruction, answer = f"What is the title of {page.url}? ({number})", page.title
    task = Task(
        task_id=task_id("search", instruction, answer, [page.doc_id], "by_hand"),
        domain="search",
        instruction=instruction,
        answer=answer,
        evidence=[page.doc_id],
        path=[Hop(doc_id=page.doc_id, url=page.url, anchor=None)],
        tools=["search", "open", "find"],
        verifiers=["exact_match", "contains_answer", "evidence_consulted"],
        setup="{}",
        max_turns=12,
        max_tokens=131_072,
        max_seconds=0,
        samples=2,
        hops=1 + number % 3,
        difficulty="{}",
        composer="by_hand",
        composer_version="1",
        prompt_sha256=None,
        created_at=datetime.combine(day, time(1), UTC),
        run_id=day.isoformat(),
    )
    return task.model_copy(update=changes)


@cache
def _pages(day: date) -> list[Document]:
    return [one for one in small_wiki.documents(day) if one.status == "ok"]


def write_wiki_tasks(lake: Lake, day: date, n: int, **changes: object) -> list[Task]:
    """Write the wiki and n tasks about it into the lake."""
    tasks = [wiki_task(day, number, **changes) for number in range(n)]
    small_wiki.write_small_wiki(lake, day)
    lake.write(Task, tasks, PartName(day, "by-hand", 0))
    return tasks


def reading(prompt: str, seed: int) -> str:
    """A script that solves these tasks: search, open the page that the instruction names, answer with its title."""
    url = prompt.rsplit("What is the title of ", 1)[1].split("?", 1)[0]
    match spoken(prompt):
        case 0:
            return f"<think>Seed {seed}.</think>{call('search', query='island lighthouse keeper')}"
        case 1:
            return call("open", url=url)
    return prompt.rsplit("<|im_start|>tool\n", 1)[1].split("\n", 1)[0]
