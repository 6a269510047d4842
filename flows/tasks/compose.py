"""One night's tasks: walks become chains with fixed answers, chains become instructions, until there are enough.

Every walk that was looked at ends as a task or as a refusal with a reason, and the counts say so. Tasks
land in small parts as they are made; a night that is run again keeps what it has and completes the rest
with the same tasks that an undisturbed run would have made.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from datetime import date
from itertools import islice

import duckdb

from flows.domains import domain_of
from flows.domains.search.composers import cloze, written
from flows.domains.search.composers.cloze import Chain, Refused
from flows.domains.search.composers.walk import Walks, once
from flows.domains.search.composers.written import Writer
from flows.settings import Settings
from schemas.prompt import prompt
from schemas.task import Hop, Task, task_id
from warehouse.connect import connect
from warehouse.console.progress import Report
from warehouse.lake import Lake, PartName

OpenWriter = Callable[[Settings], AbstractContextManager[Writer]]
"""Opens the teacher, for the composers that need one."""
Composer = Callable[[Chain], str]
"""Puts a chain into words; raises Refused when it cannot."""

PART_TASKS = 8
"""Tasks of one part: the most that a kill can cost."""
WALKS_PER_TASK, LEAST_WALKS, MOST_WALKS = 3, 16, 2_000
"""Walks drawn at once for each task wanted, and bounds of that: each draw is a pass over the corpus."""


def compose_night(settings: Settings, day: date, report: Report, open_writer: OpenWriter) -> dict[str, int | str]:
    """Compose the night's tasks into the lake. Returns counts: `already` there, walks looked at, and of these

    composed (and by composer) and refused (and by reason). Raises what the writer raises.
    """
    lake = Lake(settings.lake)
    with (
        connect(lake, spill=settings.state / "spill", memory_limit=settings.tasks.memory_limit) as con,
        ExitStack() as teacher,
    ):
        night = _Night(settings, day, con)
        report(night.already, settings.tasks.per_night)
        if night.wanted > 0 and night.walks.total:
            composers = _composers(settings, lambda: teacher.enter_context(open_writer(settings)))
            for n, part in night.parts(composers):
                lake.write(Task, part, PartName(day, "tasks", len(lake.parts(Task, day))))
                report(night.already + n, settings.tasks.per_night)
    return {name: night.counts[name] for name in ("already", "walks", "composed", "refused", *sorted(night.counts))}


def _composers(settings: Settings, open_teacher: Callable[[], Writer]) -> dict[str, Composer]:
    composers: dict[str, Composer] = {"cloze": cloze.instruction}
    if "written" in settings.tasks.composers:
        writer = open_teacher()
        composers["written"] = lambda chain: written.instruction(chain, writer)
    return composers


class _Night:
    """What one night has, what it still wants, and what became of its walks."""

    def __init__(self, settings: Settings, day: date, con: duckdb.DuckDBPyConnection) -> None:
        self._settings, self._day, self._con = settings.tasks, day, con
        self.walks = Walks(con, settings.tasks, day)
        self._standing = self.walks.tonight()
        self.already = len(self._standing)
        self.wanted = settings.tasks.per_night - self.already
        self.counts = Counter(already=self.already)

    def parts(self, composers: Mapping[str, Composer]) -> Iterator[tuple[int, list[Task]]]:
        """The tasks still wanted, a few at a time, each time with how many there were by then."""
        tasks = islice(self._tasks(composers), self.wanted)
        n = 0
        while part := list(islice(tasks, PART_TASKS)):
            n += len(part)
            yield n, part

    def _tasks(self, composers: Mapping[str, Composer]) -> Iterator[Task]:
        names, snapshot = self._settings.composers, self.walks.snapshot()
        for chain in self._chains():
            composer = names[chain.walk.number % len(names)]
            try:
                text = composers[composer](chain)
            except Refused as refusal:
                self._refuse(refusal)
                continue
            self.counts.update(["composed", composer])
            yield Task(**_words(chain, composer, text), **self._budget(), created_at=snapshot, run_id=str(self._day))

    def _chains(self) -> Iterator[Chain]:
        """Chains in the night's order, of pages that no task of this night stands on yet."""
        at_once = min(max(LEAST_WALKS, WALKS_PER_TASK * self.wanted), MOST_WALKS)
        for after in range(0, self.walks.total, at_once):
            drawn = [walk for walk in self.walks.draw(after, at_once) if walk.steps[-1].url not in self._standing]
            found = [cloze.choices(walk) if walk.hops >= self._settings.min_hops else None for walk in drawn]
            unique = once(self._con, {probe for one in found if one for probe in one.probes()})
            for one in found:
                self.counts["walks"] += 1
                try:
                    yield cloze.fix(one, unique)
                except Refused as refusal:
                    self._refuse(refusal)

    def _refuse(self, refusal: Refused) -> None:
        self.counts.update(["refused", f"refused:{refusal}"])

    def _budget(self) -> dict[str, int]:
        names = ("max_turns", "max_tokens", "max_seconds", "samples")
        return {name: getattr(self._settings, name) for name in names}


def _words(chain: Chain, composer: str, text: str) -> dict[str, object]:
    """The columns of a task that come from its chain and composer."""
    domain, last = domain_of(composer), chain.walk.steps[-1]
    by_model = composer == "written"
    return {
        "task_id": task_id(domain.name, text, chain.answer, [last.doc_id], composer),
        "domain": domain.name,
        "instruction": text,
        "answer": chain.answer,
        "evidence": [last.doc_id],
        "path": [Hop(doc_id=step.doc_id, url=step.url, anchor=step.anchor) for step in chain.walk.steps],
        "tools": list(domain.tools),
        "verifiers": list(domain.verifiers),
        "setup": "{}",
        "hops": chain.walk.hops,
        "difficulty": json.dumps({"answer_page_chars": len(last.text)}),
        "composer": composer,
        "composer_version": written.VERSION if by_model else cloze.VERSION,
        "prompt_sha256": prompt(written.PROMPT).sha256 if by_model else None,
    }
