"""Runs a publish in a process that kills itself (SIGKILL) at the Nth progress note with a given beginning.

`python -m tests.flows.publish.publish_killed YYYY-MM-DD "sending data" 2`, with the settings of FACTORY_* variables.
"""

import os
import signal
import sys
from datetime import date

from flows.publish.release import run_publish
from flows.settings import load


def main(day: date, word: str, left: int) -> None:
    def report(done: int, total: int | None, note: str = "") -> None:
        nonlocal left
        left -= note.startswith(word)
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    run_publish(load(), day, report)


if __name__ == "__main__":
    main(date.fromisoformat(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
