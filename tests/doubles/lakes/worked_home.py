"""A home after two nights, with every kind of file that the factory keeps: lake, raw responses, state, releases."""

from datetime import UTC, date, datetime
from pathlib import Path

from flows.publish.release import run_publish
from flows.refine.decide import run_refine
from flows.rollout.journal.journal import Journal
from flows.rollout.monitor.run_status import new_status, save_status
from flows.settings import Settings
from schemas import Document
from sources.archive.warc import response_record
from sources.archive.warc_files import WarcFiles
from sources.frontier.frontier import Frontier
from sources.frontier.records import Admission
from sources.index.library import Library, Page
from sources.text.extract import EXTRACTOR
from tests.doubles.lakes.small_lake import SmallLake, make_small_lake, write_records
from warehouse.console.progress import silent, write_atomic
from warehouse.lake import Lake

NIGHTS = (date(2026, 1, 1), date(2026, 1, 2))


def make_worked_home(settings: Settings) -> None:
    """Write two nights of a small lake, refine and publish each, and leave the state of the steps before."""
    lake, pages = Lake(settings.lake), list[Document]()
    for seed, day in enumerate(NIGHTS):
        made = _with_raw_responses(lake, day, make_small_lake(day, n_tasks=4, seed=seed))
        write_records(lake, day, made)
        pages += made.documents
        run_refine(settings, day, silent)
        run_publish(settings, day, silent)
    _leave_state(settings.state, pages)


def _with_raw_responses(lake: Lake, day: date, made: SmallLake) -> SmallLake:
    documents = []
    with WarcFiles(lambda: lake.new_raw(day, "crawl"), {"software": "test"}) as archive:
        for page in made.documents:
            place = archive.append(response_record(page.url, 200, {"content-type": "text/html"}, b"<p>page</p>"))
            documents.append(page.model_copy(update={"warc_file": place.file, "warc_offset": place.offset}))
        archive.sync()
    return SmallLake(documents, made.tasks, made.trajectories, made.turns, made.verdicts, made.kinds)


def _leave_state(state: Path, pages: list[Document]) -> None:
    with Frontier(state / "frontier.sqlite", EXTRACTOR) as frontier:
        links = [Admission(page.url, "127.0.0.1", "page", 0, -1, place) for place, page in enumerate(pages)]
        frontier.admit(NIGHTS[1], links)
        for page in pages:
            frontier.finish(NIGHTS[1], page, fetched=True)
    with Journal(state / "journal.sqlite"):
        pass
    Library.build(state / "library" / "0123", (Page(one.doc_id, one.url, one.title, one.text or "") for one in pages))
    ended = new_status(NIGHTS[1].isoformat(), "embedded", 0, 8).model_copy(update={"ending": "done", "finished": 8})
    save_status(ended, state)
    saved = f'{{"done": 8, "total": 8, "note": "", "at": {datetime(2026, 1, 2, tzinfo=UTC).timestamp()}, "pid": 1}}'
    write_atomic(state / "progress" / "rollout.json", saved)
    (state / "run.lock").write_text("1")
