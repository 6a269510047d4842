"""The line without Prefect, stage after stage, as its own process: what a test starts, kills and starts again.

`python -m tests.doubles.line RUN_ID` works in the current directory with its settings.
"""

import sys
from datetime import date

from flows.crawl.crawler import run_crawl
from flows.publish.release import run_publish
from flows.refine.decide import run_refine
from flows.rollout.run import run_rollout
from flows.rollout.writer import open_writer
from flows.settings import load
from flows.tasks.compose import run_tasks
from schemas.record import night_of
from warehouse.console.progress import silent


def main(day: date) -> None:
    settings = load()
    run_crawl(settings, day, silent)
    run_tasks(settings, day, silent, open_writer)
    run_rollout(settings, day, silent)
    run_refine(settings, day, silent)
    run_publish(settings, day, silent)


if __name__ == "__main__":
    main(night_of(sys.argv[1]))
