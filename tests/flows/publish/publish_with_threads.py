"""Runs a publish in a process with a given number of threads.

`python -m tests.flows.publish.publish_with_threads YYYY-MM-DD 1`. DuckDB uses as many threads as the process may
use processors; settings come from FACTORY_* variables.
"""

import os
import sys
from datetime import date

import pyarrow as pa

from flows.publish.release import run_publish
from flows.settings import load
from warehouse.console.progress import silent


def main(day: date, threads: int) -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    pa.set_cpu_count(threads)
    pa.set_io_thread_count(threads)
    run_publish(load(), day, silent)


if __name__ == "__main__":
    main(date.fromisoformat(sys.argv[1]), int(sys.argv[2]))
