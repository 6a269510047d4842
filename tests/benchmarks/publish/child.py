"""`python -m tests.benchmarks.publish.child publish HOME | open RELEASE` does one of the two once, in its own process.

It prints a line of JSON: the wall seconds of each part of the work, and the process's peak memory.
"""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.publish.made import DAY


def publish(home: str) -> dict[str, float]:
    """Publish the lake of that home."""
    from flows.publish.release import run_publish
    from flows.settings import Settings
    from warehouse.console.progress import silent

    settings = Settings(home=Path(home))
    elsewhere = settings.publish.model_copy(update={"to": f"{home}/release"})
    started = time.perf_counter()
    run_publish(settings.model_copy(update={"publish": elsewhere}), DAY, silent)
    return {"publish": time.perf_counter() - started}


def opened(release: str) -> dict[str, float]:
    """Open a release streaming, take its first row, then load it whole into an empty cache."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ |= {"HF_HOME": cache, "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
        import datasets

        files = {"train": f"{release}/data/train-*.parquet"}
        seconds, started = {}, time.perf_counter()
        streamed = datasets.load_dataset("parquet", data_files=files, split="train", streaming=True)
        seconds["open"] = time.perf_counter() - started
        next(iter(streamed))
        seconds["first_row"] = time.perf_counter() - started
        started = time.perf_counter()
        datasets.load_dataset("parquet", data_files=files, split="train")
        seconds["load"] = time.perf_counter() - started
    return seconds


WORKS: dict[str, Callable[[str], dict[str, float]]] = {"publish": publish, "open": opened}


def main(work: str, place: str) -> None:
    """Do the work of that name at a place (a home, or a release) and print its measurements."""
    seconds = WORKS[work](place)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
