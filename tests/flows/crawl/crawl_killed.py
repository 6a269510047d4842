"""A crawl in a separate process that kills itself (SIGKILL) at its Nth progress report with something new.

`python -m tests.flows.crawl.crawl_killed YYYY-MM-DD 7`, with settings in FACTORY_* variables; 0 never kills.
"""

import os
import signal
import sys
from datetime import date

from flows.crawl.crawler import run_crawl
from flows.settings import load


def main(day: date, left: int) -> None:
    newest: tuple[int, str] | None = None

    def report(done: int, total: int | None, note: str = "") -> None:
        nonlocal left, newest
        if (done, note) != newest:  # a report of mere waiting is none of the N: how many there are depends on the load
            left, newest = left - 1, (done, note)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    run_crawl(load(), day, report)


if __name__ == "__main__":
    main(date.fromisoformat(sys.argv[1]), int(sys.argv[2]))
